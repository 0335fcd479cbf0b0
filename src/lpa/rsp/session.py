"""Common mutual authentication, and the answers that follow it (SGP.22 §3.0.1, §3.1.2).

What one side signed stays the bytes that came: it is read here, and forwarded to the other side unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence

from lpa.errors import BadAnswer, NotVerified
from lpa.rsp.activation import ActivationCode
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.display import few
from lpa.rsp.euicc_info import EuiccInfo2
from lpa.rsp.facts import Fact, fact
from lpa.rsp.names import ServerAddress
from lpa.rsp.offered_profile import OfferedProfile


@fact
class ServerProof:
    """A server's answer to InitiateAuthentication: its proof of identity, for the card to check.

    The members after `transaction_id` are the first four of an AuthenticateServerRequest, in its order.
    """

    transaction_id: bytes
    signed: Tlv
    signature: Tlv
    key: Tlv
    certificate: Tlv

    def check(self, contacted: ServerAddress) -> None:
        """Check that it was signed for this transaction, in the name of the contacted server.

        Raises `BadAnswer` and `NotVerified`. The card checks the signature itself, and its own challenge.
        """
        signed = schema.decode("ServerSigned1", self.signed)
        _same_transaction(signed["transactionId"], self.transaction_id)
        address = str(signed["serverAddress"])
        try:
            named = ServerAddress.parse(address)
        except ValueError:
            named = None
        if named is None or named.host != contacted.host:
            raise NotVerified(
                f"The server {contacted} signed as {few([repr(address)])}, which is another server."
            )


@fact
class CardProof:
    """The card's answer to AuthenticateServer. `answer`: to be forwarded, even if it is a refusal."""

    answer: Tlv

    @property
    def certificate(self) -> Tlv | None:
        """The certificate of the card; None if it refused."""
        return self._members[2] if len(self._members) > 2 else None

    @property
    def info(self) -> EuiccInfo2 | None:
        """The EUICCInfo2 that the card signed; None if it refused."""
        signed = self._members[0] if self._members else None
        info = signed.child(schema.tag_of("GetEuiccInfo2Response")) if signed else None
        return EuiccInfo2.from_tlv(info) if info else None

    @property
    def _members(self) -> Sequence[Tlv]:
        ok = self.answer.child(schema.member_tag("AuthenticateServerResponse", "authenticateResponseOk"))
        return ok.children if ok else ()


@fact
class Terms:
    """A server's answer to AuthenticateClient: the offered profile, and the signed terms of its download.

    `signed`, `signature` and `certificate` are for a PrepareDownloadRequest.
    """

    offered: OfferedProfile
    signed: Tlv
    signature: Tlv
    certificate: Tlv
    confirmation_code_required: bool

    @classmethod
    def checked(
        cls, transaction_id: bytes, metadata: bytes, signed: Tlv, signature: Tlv, certificate: Tlv
    ) -> Terms:
        """The terms of this transaction. Raises `BadAnswer` if they are for another, or cannot be read."""
        value = schema.decode("SmdpSigned2", signed)
        _same_transaction(value["transactionId"], transaction_id)
        required = bool(value["ccRequiredFlag"])
        return cls(OfferedProfile.from_tlv(metadata), signed, signature, certificate, required)


@fact
class Event(Fact):
    """An event of a discovery server (SM-DS): the server to ask next, by the matching id `event_id`."""

    address: ServerAddress
    event_id: str

    @property
    def code(self) -> ActivationCode:
        """The activation code to ask for it."""
        return ActivationCode(self.address, self.event_id)

    def __repr__(self) -> str:
        return f"Event({self.address})"


def _same_transaction(signed: bytes, expected: bytes) -> None:
    if signed != expected:
        raise BadAnswer("The server signed for another transaction.")
