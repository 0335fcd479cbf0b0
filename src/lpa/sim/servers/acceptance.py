"""Verifies the signed notifications that an SM-DP+ receives. Pure: no I/O and no clock.

It verifies the received bytes: the signature over the notification's TLV, the chain CERT.EUICC, CERT.EUM, CI,
the roles of the certificates, and the EUM's name constraints against the EID.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from lpa.rsp.names import Iccid
from lpa.rsp.records import Notification
from lpa.sim.servers.euicc_chain import identify
from lpa.sim.servers.rejection import Rejection, rejecting_malformed

_OTHER_SIGNED_NOTIFICATION = (0xBF2F, 0x5F37, 0x30, 0x30)


@dataclass(frozen=True)
class Received:
    """A verified notification. `when`: the server's time when it first arrived."""

    notification: Notification
    eid: str
    when: datetime

    @property
    def raw(self) -> bytes:
        """The notification as received."""
        return bytes(self.notification.raw)

    @property
    def signed(self) -> bytes:
        """The bytes that the eUICC signed; equal for a repetition, even with a new signature."""
        return bytes(self.notification.raw.children[0])

    @property
    def sequence_number(self) -> int:
        """Its number on the card."""
        return self.notification.metadata.sequence_number

    @property
    def event(self) -> str:
        """The event: "install", "enable", "disable" or "delete"."""
        return self.notification.metadata.event

    @property
    def address(self) -> str:
        """The server that it is addressed to."""
        return self.notification.metadata.address

    @property
    def iccid(self) -> Iccid | None:
        """The profile's ICCID, if the notification has one."""
        return self.notification.metadata.iccid


def accept(pending: bytes, issuers: Iterable[x509.Certificate], now: datetime) -> Received:
    """The OtherSignedNotification `pending`, verified. Raises `Rejection`."""
    with rejecting_malformed("notification"):
        notification = Notification.from_tlv(pending)
        parts = notification.raw.children[: len(_OTHER_SIGNED_NOTIFICATION)]
    # What follows is of a later version, such as the further certificates (A1) of version 3.
    if tuple(part.tag for part in parts) != _OTHER_SIGNED_NOTIFICATION:
        raise Rejection("1.2.1", "2.1", "this is not an OtherSignedNotification")
    signed, signature, euicc, eum = parts
    known = identify(euicc, eum, issuers, now)
    known.check(signature.value, signed)
    return Received(notification, known.eid, now)
