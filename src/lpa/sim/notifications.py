"""Notifications: what the card tells operators of its profiles, signed when it happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from lpa.rsp import schema
from lpa.rsp.ber import Tlv
from lpa.rsp.names import Iccid
from lpa.sim.pki import Credentials, der

_DETERMINISTIC = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


@dataclass(frozen=True)
class SimulatedNotification:
    """A notification that waits on the card. `metadata`, a NotificationMetadata (BF2F), is what is signed."""

    sequence_number: int
    event: str
    address: str
    iccid: str
    metadata: Tlv
    signature: bytes

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The way back from `to_json`. Raises KeyError, TypeError or ValueError if it does not fit."""
        return cls(
            sequence_number=int(value["sequence_number"]),
            event=str(value["event"]),
            address=str(value["address"]),
            iccid=str(value["iccid"]),
            metadata=Tlv(bytes.fromhex(value["metadata"])),
            signature=bytes.fromhex(value["signature"]),
        )

    def to_json(self) -> dict[str, Any]:
        """As plain values for JSON."""
        return vars(self) | {"metadata": self.metadata.hex(), "signature": self.signature.hex()}


@dataclass(frozen=True)
class Notary:
    """The part of the card that signs, with the eUICC's key and certificates."""

    credentials: Credentials

    def sign(self, sequence_number: int, event: str, address: str, iccid: str) -> SimulatedNotification:
        """A signed notification of `event` for the server at `address`."""
        metadata = schema.encode(
            "NotificationMetadata",
            {
                "seqNumber": sequence_number,
                "profileManagementOperation": schema.from_bits("NotificationEvent", [event]),
                "notificationAddress": address,
                "iccid": Iccid.parse(iccid).coded,
            },
        )
        r, s = decode_dss_signature(self.credentials.key.sign(metadata, _DETERMINISTIC))
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return SimulatedNotification(sequence_number, event, address, iccid, metadata, signature)

    def certified(self, notification: SimulatedNotification) -> Tlv:
        """The OtherSignedNotification: what was signed, the signature, CERT.EUICC and CERT.EUM."""
        signature = Tlv.build(0x5F37, notification.signature)
        (eum,) = self.credentials.chain
        return Tlv.build(0x30, notification.metadata, signature, der(self.credentials.certificate), der(eum))
