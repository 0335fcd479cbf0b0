"""The file names of receipts: `<sequence number>-<event>-<ICCID>-<CRC-32>.der`.

A name says what a receipt is about without opening it. It proves nothing: only the content does.
"""

from __future__ import annotations

import re
import zlib
from sys import intern
from typing import NamedTuple

from lpa.rsp.records import Notification

SUFFIX = ".der"
_EVENT_CHARACTERS = 40  # in a file name, which may have 255 bytes: a card may set many bits without a name
_UNKNOWN = "unknown"
_NAME = re.compile(r"([0-9]{6,})-([A-Za-z0-9+]{1,40})-([0-9A-F]{0,20}|unknown)-([0-9a-f]{8})\.der")


class ReceiptName(NamedTuple):
    """What the name of a receipt's file says. `iccid`: empty if unknown. `checksum`: CRC-32 of the file.

    A tuple, because there may be a hundred thousand.
    """

    name: str
    sequence_number: int
    event: str
    iccid: str
    checksum: int

    @classmethod
    def of(cls, notification: Notification) -> ReceiptName:
        """The name for a notification."""
        metadata, checksum = notification.metadata, zlib.crc32(notification.raw)
        event = metadata.event.replace(" ", "+")[:_EVENT_CHARACTERS]
        about = f"{event}-{metadata.iccid or _UNKNOWN}"
        name = f"{beginning(metadata.sequence_number)}{about}-{checksum:08x}{SUFFIX}"
        return cls(name, metadata.sequence_number, event, str(metadata.iccid or ""), checksum)

    @classmethod
    def parse(cls, name: str) -> ReceiptName | None:
        """What `name` says; None if it is no name of a receipt."""
        found = _NAME.fullmatch(name)
        if found is None:
            return None
        number, event, iccid, checksum = found.groups()
        about = intern(event), intern("" if iccid == _UNKNOWN else iccid)  # the same in many names
        return cls(name, int(number), *about, int(checksum, 16))


def beginning(sequence_number: int) -> str:
    """The beginning of the names of all receipts with this number."""
    return f"{sequence_number:06}-"
