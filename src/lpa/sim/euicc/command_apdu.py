"""Parses command APDUs for the simulated card (ISO 7816-4, TS 102 221 §10 and §11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

OK = 0x9000
NOTHING_FOUND = 0x6282
WRONG_LENGTH = 0x6700
MEMORY_PROBLEM = 0x6581
CHANNEL_NOT_SUPPORTED = 0x6881
SECURE_MESSAGING_NOT_SUPPORTED = 0x6882
TRIES_LEFT = 0x63C0
INCOMPATIBLE_FILE = 0x6981
SECURITY_STATUS_NOT_SATISFIED = 0x6982
PIN_BLOCKED = 0x6983
PIN_DISABLED = 0x6984
CONDITIONS_NOT_SATISFIED = 0x6985
NO_FILE_SELECTED = 0x6986
WRONG_DATA = 0x6A80
FUNCTION_NOT_SUPPORTED = 0x6A81
NOT_FOUND = 0x6A82
RECORD_NOT_FOUND = 0x6A83
WRONG_P1_P2 = 0x6A86
UNKNOWN_OBJECT = 0x6A88
WRONG_OFFSET = 0x6B00
WRONG_LE = 0x6C00
UNKNOWN_INSTRUCTION = 0x6D00
UNKNOWN_CLASS = 0x6E00
INTERNAL_ERROR = 0x6F00


class StatusWord(Exception):
    """Ends a command with this status word and no response data."""

    def __init__(self, sw: int) -> None:
        super().__init__(f"{sw:04X}")
        self.sw = sw


@dataclass(frozen=True)
class CommandApdu:
    """One command. `proprietary`: its class byte is. `le`: 1 to 256, None if absent."""

    channel: int
    proprietary: bool
    ins: int
    p1: int
    p2: int
    data: bytes
    le: int | None

    @classmethod
    def parse(cls, apdu: bytes) -> Self:
        """Parse an APDU. Raises `StatusWord`: 6700 for a wrong length, 6E00 or 6882 for an unknown class."""
        if len(apdu) < 4:
            raise StatusWord(WRONG_LENGTH)
        channel, proprietary = _class(apdu[0])
        data, le = _body(apdu[4:])
        return cls(channel, proprietary, apdu[1], apdu[2], apdu[3], data, le)


def _class(cla: int) -> tuple[int, bool]:
    """The channel, and whether the class is proprietary: 0X and 8X for channels 0 to 3, 4X and CX above."""
    kind, low = cla & 0xF0, cla & 0x0F
    if kind in (0x00, 0x80):
        if low > 3:
            raise StatusWord(SECURE_MESSAGING_NOT_SUPPORTED)
        return low, kind == 0x80
    if kind in (0x40, 0xC0):
        return 4 + low, kind == 0xC0
    raise StatusWord(UNKNOWN_CLASS)


def _body(body: bytes) -> tuple[bytes, int | None]:
    """The data and Le in the bytes after P2: none, Le, Lc and data, or Lc, data and Le."""
    if len(body) < 2:
        return b"", (body[0] or 256) if body else None
    lc, content = body[0], body[1:]
    if lc and len(content) == lc:
        return content, None
    if lc and len(content) == lc + 1:
        return content[:lc], content[lc] or 256
    raise StatusWord(WRONG_LENGTH)
