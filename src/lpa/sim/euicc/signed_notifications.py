"""The card's notifications, and the eUICC's signatures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from lpa.rsp.codec.ber import Tlv
from lpa.rsp.names import Iccid
from lpa.sim import codec as schema
from lpa.sim.crypto.pki import Credentials, der
from lpa.sim.crypto.signatures import signature as signature_by
from lpa.sim.euicc.identity import CardIdentity
from lpa.sim.wire.card_work import CardWork

METADATA, RESULT_DATA, RESULT = 0xBF2F, 0xBF27, 0xBF37
_SIGNATURE = 0x5F37


@dataclass(frozen=True)
class SimulatedNotification:
    """A pending notification.

    `signed` is a NotificationMetadata (BF2F) or, after a download, a ProfileInstallationResultData (BF27).
    `iccid` is empty if a download failed before it was known. `issuer`: the CI under which it was signed.
    """

    sequence_number: int
    event: str
    address: str
    iccid: str
    signed: Tlv
    signature: bytes
    issuer: str = ""

    @property
    def metadata(self) -> Tlv:
        """The NotificationMetadata (BF2F)."""
        if self.signed.tag == METADATA:
            return self.signed
        return next(child for child in self.signed.children if child.tag == METADATA)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The inverse of `to_json`. Raises KeyError, TypeError or ValueError if it does not fit."""
        return cls(
            sequence_number=int(value["sequence_number"]),
            event=str(value["event"]),
            address=str(value["address"]),
            iccid=str(value["iccid"]),
            signed=Tlv(bytes.fromhex(value["signed"])),
            signature=bytes.fromhex(value["signature"]),
            issuer=bytes.fromhex(value["issuer"]).hex(),
        )

    def to_json(self) -> dict[str, Any]:
        """The notification as JSON values."""
        return vars(self) | {"signed": self.signed.hex(), "signature": self.signature.hex()}


@dataclass(frozen=True)
class EuiccSigner:
    """Signs with the eUICC's keys.

    `issuer`, in each method, is the key identifier in hexadecimal of the CI whose certificate to use; the
    card's preferred CI if it is empty or unknown to the card. `work` counts the signatures.
    """

    identity: CardIdentity
    work: CardWork = field(default_factory=CardWork, repr=False, compare=False)

    def signature(self, signed: bytes, issuer: str = "") -> Tlv:
        """The eUICC's signature (5F37) over these bytes: r and s, 32 bytes each."""
        self.work.count("sign")
        return signature_by(self.credentials(issuer).key, signed)

    def certificates(self, issuer: str = "") -> tuple[bytes, bytes]:
        """CERT.EUICC and CERT.EUM."""
        credentials = self.credentials(issuer)
        (eum,) = credentials.chain
        return der(credentials.certificate), der(eum)

    def credentials(self, issuer: str = "") -> Credentials:
        """The card's certificate and key under that issuer."""
        return self.identity.under(bytes.fromhex(issuer)) or self.identity.credentials[0]

    def sign(
        self, sequence_number: int, event: str, address: str, iccid: str, issuer: str = ""
    ) -> SimulatedNotification:
        """A signed notification of `event` for the server at `address`."""
        signed = schema.encode("NotificationMetadata", metadata(sequence_number, event, address, iccid))
        signature = self.signature(signed, issuer).value
        return SimulatedNotification(sequence_number, event, address, iccid, signed, signature, issuer)

    def certified(self, notification: SimulatedNotification) -> Tlv:
        """The PendingNotification for its server: a ProfileInstallationResult or OtherSignedNotification.

        The latter includes CERT.EUICC and CERT.EUM; the server knows the former from its session.
        """
        signature = Tlv.build(_SIGNATURE, notification.signature)
        if notification.signed.tag == RESULT_DATA:
            return Tlv.build(RESULT, notification.signed, signature)
        return Tlv.build(0x30, notification.signed, signature, *self.certificates(notification.issuer))


def metadata(sequence_number: int, event: str, address: str, iccid: str) -> dict[str, Any]:
    """A NotificationMetadata as an ASN.1 value; an empty `iccid` is omitted."""
    members = {
        "seqNumber": sequence_number,
        "profileManagementOperation": schema.from_bits("NotificationEvent", [event]),
        "notificationAddress": address,
    }
    return members | ({"iccid": Iccid.parse(iccid).coded} if iccid else {})
