"""A card and a server make sure of each other (SGP.22 §3.0.1), and end what they began.

From the moment when the card accepted the server there is a session on both sides, which holds back others
until it is used, cancelled, or replaced. Whoever begins one must end it: see `Session.cancel`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from lpa import redaction
from lpa.card.es10 import Euicc, raise_refusal
from lpa.errors import EuiccRefused, LpaError, NotVerified, OutcomeUnknown, Refused, ServerRefused
from lpa.notifications.sender import NotificationReceiver, ServerFactory
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.device import Device
from lpa.rsp.euicc_info import EuiccInfo2
from lpa.rsp.names import ServerAddress
from lpa.rsp.pki import server_oid
from lpa.rsp.session import Event, ServerProof, Terms

_UNKNOWN_CODE = "8.2.6/3.8"  # with which a server says no to a matching id, an empty one too

_log = redaction.logger(__name__)


@runtime_checkable
class Es9PlusServer(NotificationReceiver, Protocol):
    """Who offers profiles, or knows of them: `lpa.server.es9.Server`, which says what each method does."""

    address: ServerAddress

    def initiate_authentication(self, challenge: bytes, info1: bytes) -> ServerProof:
        """Begin a session: the server signs the card's challenge."""

    def authenticate_client(self, transaction_id: bytes, proof: bytes) -> Terms | tuple[Event, ...]:
        """Show it the card's proof: what it offers, or knows of."""

    def get_bound_profile_package(self, transaction_id: bytes, prepared: bytes) -> bytes:
        """The package, bound to this card and session."""

    def cancel_session(self, transaction_id: bytes, cancelled: bytes) -> None:
        """Hand on that the card has ended the session."""


@dataclass
class Session:
    """A session of `euicc` with `server`, since the card was asked to accept it.

    `answer`: what the server said to the card's proof. `info`: what the card told the server about itself.
    `open`: whether there is anything left to cancel. `loading`: whether the card may hold something of the
    package, which it has not signed that it gave up.
    """

    euicc: Euicc
    server: Es9PlusServer
    transaction_id: bytes
    info: EuiccInfo2 | None = None
    answer: Terms | tuple[Event, ...] = ()
    open: bool = True
    loading: bool = False

    def cancel(self, reason: str) -> bool:
        """End it on the card, and tell the server; whether the card has ended it. Raises nothing of ours.

        `reason`: a CancelSessionReason (§5.7.5). A card that was reset has ended it by itself. Interrupted
        before the card has answered, it can be called again.
        """
        if not self.open:
            return False
        try:
            cancelled = self.euicc.cancel_session(self.transaction_id, reason)
        except LpaError as error:
            self.open = False
            _log.debug("the card did not cancel the session: %s", error)
            return False
        self.open = self.loading = False
        with suppress(LpaError):  # It ends by itself there, or has ended.
            self.server.cancel_session(self.transaction_id, cancelled)
        return True

    @contextmanager
    def ended_by_refusal(self) -> Iterator[None]:
        """A server that refuses has ended the session on its side: then only the card still has it.

        For the card it is put off: so it keeps the one-time key that an earlier package may be bound to.
        """
        try:
            yield
        except ServerRefused:
            self.open = False
            with suppress(LpaError):
                self.euicc.cancel_session(self.transaction_id, "postponed")
            raise


def authenticate(
    euicc: Euicc,
    servers: ServerFactory,
    address: ServerAddress,
    device: Device,
    *,
    matching_id: str = "",
    oid: str = "",
) -> Session:
    """Begin a session with the server at `address`, which the card's own issuers vouch for.

    `matching_id`: what is asked for; empty: whatever waits for this card. `oid`: who the server has to be by
    its certificate, as "1.3.6"; empty if nobody said. Raises what the two raise, `NotVerified` if it is
    another server, and `Refused` with "nothingWaits".
    """
    redaction.register_secret(matching_id)
    info1, challenge = euicc.euicc_info1(), euicc.challenge()
    server = servers(address, ci_pkids=info1.ci_for_verification)
    if not isinstance(server, Es9PlusServer):
        raise TypeError(f"{server!r} takes notifications only; a download needs a Server")
    proof = server.initiate_authentication(challenge, info1.raw)
    proof.check(server.address)
    _check_oid(proof.certificate, oid, server.address)
    context = {"deviceInfo": device.info} | ({"matchingId": matching_id} if matching_id else {})
    session = Session(euicc, server, proof.transaction_id)
    try:
        own = euicc.authenticate_server(proof, context)
        _hand_on_refusal(session, own.answer)
        session.info = own.info
        with _asked_for_anything(matching_id, address), session.ended_by_refusal():
            session.answer = server.authenticate_client(proof.transaction_id, own.answer)
    except BaseException as error:
        session.cancel(reason_of(error))
        raise
    return session


def reason_of(error: BaseException) -> str:
    """The CancelSessionReason (§5.7.5) for a download that ends in `error`, which is nobody's decision.

    An order that was put off stays as it is; most other reasons end it. So everything but a silence puts it
    off: Ctrl-C, a no of card or server, and a mistake in a program refuse no profile.
    """
    return "timeout" if isinstance(error, TimeoutError | OutcomeUnknown) else "postponed"


def nothing_waits(address: ServerAddress) -> Refused:
    """What a server means that was asked for whatever waits for this card."""
    return Refused(
        "AuthenticateClient",
        "nothingWaits",
        f"No profile waits for this card at {address}.",
        advice="Ask the operator for which card (EID) the profile was ordered, or for an activation code.",
    )


@contextmanager
def _asked_for_anything(matching_id: str, address: ServerAddress) -> Iterator[None]:
    """Whoever gave no code must not read that it is wrong."""
    try:
        yield
    except ServerRefused as refused:
        if matching_id or refused.reason != _UNKNOWN_CODE:
            raise
        raise nothing_waits(address) from refused


def _check_oid(certificate: Tlv, oid: str, address: ServerAddress) -> None:
    if oid and server_oid.of_certificate(certificate) != server_oid.coded(oid):
        raise NotVerified(f"The server {address} is not the one that the activation code names ({oid}).")


def _hand_on_refusal(session: Session, answer: Tlv) -> None:
    """A card that refuses the server: the server is to hear that from the card itself, if it can."""
    try:
        raise_refusal("AuthenticateServer", schema.decode("AuthenticateServerResponse", answer))
    except EuiccRefused:
        session.open = False
        with suppress(LpaError):
            session.server.authenticate_client(session.transaction_id, answer)
        raise
