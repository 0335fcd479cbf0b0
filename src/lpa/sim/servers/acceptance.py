"""What an SM-DP+ checks before it accepts a signed notification. Pure: no I/O and no clock.

Everything is judged on the bytes that were received: the signature over the notification's own TLV, the
chain CERT.EUICC - CERT.EUM - CI, the roles in it, and that this EUM may make an eUICC with this EID.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from lpa.rsp.names import Iccid
from lpa.rsp.records import Notification
from lpa.sim.servers.euicc_chain import identify
from lpa.sim.servers.rejection import Rejection, misunderstanding

_OTHER_SIGNED_NOTIFICATION = (0xBF2F, 0x5F37, 0x30, 0x30)


@dataclass(frozen=True)
class Received:
    """A notification whose signature and certificates hold. `when`: the server's time when it first came."""

    notification: Notification
    eid: str
    when: datetime

    @property
    def raw(self) -> bytes:
        """The notification as it came."""
        return bytes(self.notification.raw)

    @property
    def signed(self) -> bytes:
        """The bytes that the eUICC signed: a repetition has the same, even if it was signed again."""
        return bytes(self.notification.raw.children[0])

    @property
    def sequence_number(self) -> int:
        """Its number on the card."""
        return self.notification.metadata.sequence_number

    @property
    def event(self) -> str:
        """What happened: "install", "enable", "disable" or "delete"."""
        return self.notification.metadata.event

    @property
    def address(self) -> str:
        """The server that it is for."""
        return self.notification.metadata.address

    @property
    def iccid(self) -> Iccid | None:
        """The profile that it is about."""
        return self.notification.metadata.iccid


def accept(pending: bytes, issuers: Iterable[x509.Certificate], now: datetime) -> Received:
    """What the OtherSignedNotification `pending` says, once all of it holds. Raises `Rejection`."""
    with misunderstanding("notification"):
        notification = Notification.from_tlv(pending)
        tags = tuple(child.tag for child in notification.raw.children)
    if tags != _OTHER_SIGNED_NOTIFICATION:
        raise Rejection("1.2.1", "2.1", "this is no OtherSignedNotification")
    signed, signature, euicc, eum = notification.raw.children
    known = identify(euicc, eum, issuers, now)
    known.check(signature.value, signed)
    return Received(notification, known.eid, now)
