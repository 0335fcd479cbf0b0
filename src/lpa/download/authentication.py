"""Common mutual authentication of card and server (SGP.22 §3.0.1, §3.1.2), and the session it opens.

Once the card has accepted the server there is a session on both sides, which prevents others until it is
used, cancelled or replaced. The code that opens one must end it: see `Session.cancel`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from lpa import redaction
from lpa.advice.downloads import (
    ASK_WHICH_CARD,
    BAD_PACKAGE_SERVER_INFORMED,
    BAD_PACKAGE_SERVER_UNINFORMED,
    BEGIN_AGAIN,
    CODE_FOR_ANOTHER_SERVER,
)
from lpa.card.es10 import Euicc, raise_refusal
from lpa.errors import (
    BadAnswer,
    EuiccRefused,
    LpaError,
    NotVerified,
    OutcomeUnknown,
    Refused,
    ServerRefused,
)
from lpa.notifications.sender import NotificationReceiver, ServerFactory
from lpa.rsp import steps
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.device import Device
from lpa.rsp.euicc_info import EuiccInfo2
from lpa.rsp.names import ServerAddress
from lpa.rsp.pki import server_oid
from lpa.rsp.session import CardProof, Event, ServerProof, Terms
from lpa.stop import StopRequested, ending

BAD_PACKAGE = "loadBppExecutionError"  # the CancelSessionReason
NOT_INSTALLED = "Nothing was installed, and the order was not rejected."
_UNKNOWN_CODE = "8.2.6/3.8"  # with which a server refuses a matching id, an empty one too

_log = redaction.logger(__name__)


@runtime_checkable
class Es9PlusServer(NotificationReceiver, Protocol):
    """A server that offers profiles or events: `lpa.server.es9.Server`, which says what each method does."""

    address: ServerAddress

    def initiate_authentication(self, challenge: bytes, info1: bytes) -> ServerProof:
        """Begin a session: the server signs the card's challenge."""

    def authenticate_client(self, transaction_id: bytes, proof: bytes) -> Terms | tuple[Event, ...]:
        """Send the card's proof; returns the terms of a profile, or events."""

    def get_bound_profile_package(
        self, transaction_id: bytes, prepared: bytes, store: Callable[[bytes], object]
    ) -> None:
        """Store the package, bound to this card and session: `store` is called with its bytes in order."""

    def cancel_session(self, transaction_id: bytes, cancelled: bytes) -> None:
        """Send what the card signed when it cancelled the session."""


@dataclass
class Session:
    """A session of `euicc` with `server`, since the card was asked to accept it.

    `answer`: what the server answered to the card's proof. `info`: what the card sent to the server about
    itself. `open`: whether there is a session to cancel. `loading`: whether the card may hold a part of the
    package, and has not signed that it discarded it. `not_cancelled`: what kept card or server from
    confirming that the session is cancelled.
    """

    euicc: Euicc
    server: Es9PlusServer
    transaction_id: bytes
    info: EuiccInfo2 | None = None
    answer: Terms | tuple[Event, ...] = ()
    open: bool = True
    loading: bool = False
    not_cancelled: LpaError | None = None

    def cancel(self, reason: str) -> bool:
        """Cancel the session on the card, then on the server; whether the card cancelled it.

        `reason`: a CancelSessionReason (§5.7.5). A card that was reset has ended the session by itself. Can
        be called again if it was interrupted before the card answered. Raises no `LpaError`.
        """
        if not self.open:
            return False
        with steps.must_complete():
            return self._cancel(reason)

    def _cancel(self, reason: str) -> bool:
        try:
            cancelled = self.euicc.cancel_session(self.transaction_id, reason)
        except LpaError as error:
            self.open, self.not_cancelled = False, error
            _log.debug("the card did not cancel the session: %s", error)
            return False
        self.open = self.loading = False
        steps.report(steps.CANCEL_ON_SERVER)
        try:
            with ending():
                self.server.cancel_session(self.transaction_id, cancelled)
        except LpaError as error:  # On the server it ends by itself, or has ended.
            # What a server says may name the code, so it is not logged: see `lpa.server.es9`.
            self.not_cancelled = error
            _log.debug("%s did not confirm that the session is cancelled", self.server.address)
        return True

    @contextmanager
    def ended_by_refusal(self) -> Iterator[None]:
        """If the server refuses within the block, which ends its session, cancel the session on the card.

        With "postponed": the card keeps the one-time key, to which an earlier package may be bound.
        """
        try:
            yield
        except ServerRefused:
            self.open = False
            with steps.must_complete(), suppress(LpaError), ending():
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
    """Open a session with the server at `address`, which must have a certificate from the card's trusted CIs.

    `matching_id`: the order; empty for any profile for this card. `oid`: the server's object identifier, as
    "1.3.6", which its certificate must have; empty for any. Raises what card and server raise, `NotVerified`
    if it is another server, and `Refused` with "noProfileAvailable".
    """
    redaction.register_secret(matching_id)
    info1, challenge = euicc.euicc_info1(), euicc.challenge()
    server = servers(address, ci_pkids=info1.ci_for_verification)
    if not isinstance(server, Es9PlusServer):
        raise TypeError(f"{server!r} takes notifications only; a download needs a Server")
    steps.report("InitiateAuthentication")
    proof = server.initiate_authentication(challenge, info1.raw)
    proof.check(server.address)
    _check_oid(proof.certificate, oid, server.address)
    context = {"deviceInfo": device.info} | ({"matchingId": matching_id} if matching_id else {})
    session = Session(euicc, server, proof.transaction_id)
    try:
        own = euicc.authenticate_server(proof, context)
        _forward_refusal(session, own.answer)
        session.info = own.info
        _take_eid(euicc, own)
        steps.report("AuthenticateClient")
        with _without_code(matching_id, address), session.ended_by_refusal():
            session.answer = server.authenticate_client(proof.transaction_id, own.answer)
    except BaseException as error:
        session.cancel(reason_of(error))
        raise
    return session


def reason_of(error: BaseException) -> str:
    """The CancelSessionReason (§5.7.5) for a download that ends in `error`, without a person's decision.

    A postponed order stays valid; most other reasons end it. So Ctrl-C, a refusal of card or server, and a
    bug postpone it. An answer that did not come is a timeout.
    """
    return "timeout" if isinstance(error, TimeoutError | OutcomeUnknown) else "postponed"


def no_profile_available(address: ServerAddress) -> Refused:
    """The error if a server has no profile for this card."""
    return Refused(
        "AuthenticateClient",
        "noProfileAvailable",
        f"The server {address} has no profile for this card.",
        advice=ASK_WHICH_CARD,
    )


def advice_after_bad_package(session: Session) -> str:
    """What a person can do after the session was cancelled because the card cannot load the package."""
    if session.not_cancelled:
        return BAD_PACKAGE_SERVER_UNINFORMED
    return BAD_PACKAGE_SERVER_INFORMED


@contextmanager
def nothing_installed() -> Iterator[None]:
    """Say in an unknown outcome of a block, which gives the card no package, that nothing was installed."""
    try:
        yield
    except OutcomeUnknown as unknown:
        unknown.add("Nothing was installed.")
        unknown.advice = BEGIN_AGAIN
        raise


@contextmanager
def not_installed_if_stopped() -> Iterator[None]:
    """If a stop ends the block, which gives the card no package, have it say that nothing was installed."""
    try:
        yield
    except StopRequested as stopped:
        stopped.describe(NOT_INSTALLED)
        raise


@contextmanager
def _without_code(matching_id: str, address: ServerAddress) -> Iterator[None]:
    """Replace the refusal of a code if none was given: then the server has no profile for this card."""
    try:
        yield
    except ServerRefused as refused:
        if matching_id or refused.reason != _UNKNOWN_CODE:
            raise
        raise no_profile_available(address) from refused


def _check_oid(certificate: Tlv, oid: str, address: ServerAddress) -> None:
    certified = server_oid.of_certificate(certificate)
    if oid and certified != server_oid.coded(oid):
        has = f"has {server_oid.text(certified)}" if certified else "has none"
        raise NotVerified(
            f"The activation code names a server with the object identifier (OID) {oid}, "
            f"but the certificate of {address} {has}.",
            advice=CODE_FOR_ANOTHER_SERVER,
            reason="otherServer",
        )


def _take_eid(euicc: Euicc, proof: CardProof) -> None:
    """Take the EID from the card's certificate, so that it need not be asked for it."""
    from lpa.rsp.pki.certificates import Certificate  # noqa: PLC0415  (it loads cryptography)

    with suppress(BadAnswer, NotVerified):
        if proof.certificate:
            euicc.take_eid(Certificate.from_tlv(proof.certificate).eid)


def _forward_refusal(session: Session, answer: Tlv) -> None:
    """Raise `EuiccRefused` if the card refused the server, after sending the card's answer to the server."""
    try:
        raise_refusal("AuthenticateServer", schema.decode("AuthenticateServerResponse", answer))
    except EuiccRefused:
        session.open = False
        steps.report("AuthenticateClient")
        with suppress(LpaError):
            session.server.authenticate_client(session.transaction_id, answer)
        raise
