"""Writes short messages as records of EF.SMS (TS 31.102 §4.2.25, TS 23.040 §9.2.2.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

_READ, _NEW = 0x01, 0x03
_NO_SERVICE_CENTRE = b"\x00"
_DELIVER, _UCS2 = 0x04, 0x08
_INTERNATIONAL, _UNKNOWN = 0x91, 0x81
_LONGEST_TEXT = 140  # bytes of UTF-16


@dataclass(frozen=True)
class WrittenMessage:
    """A received message. `from_`: a telephone number; `date`: ISO 8601; `new`: it was not read yet."""

    from_: str
    text: str
    date: str = "2026-03-14T12:00:00+00:00"
    new: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\+?[0-9]{3,20}", self.from_, re.ASCII):
            raise ValueError(f"from is {self.from_!r}; expected a telephone number of 3 to 20 digits")
        if len(self.text.encode("utf-16-be")) > _LONGEST_TEXT:
            raise ValueError("text is too long; a message has at most 70 characters")
        try:
            _ = self.record
        except ValueError as error:
            raise ValueError(
                f"date is {self.date!r}; expected one such as 2026-03-14T12:00:00+01:00"
            ) from error

    @property
    def record(self) -> str:
        """The record in hexadecimal, not padded."""
        text = self.text.encode("utf-16-be")
        digits = self.from_.lstrip("+")
        kind = _INTERNATIONAL if self.from_ != digits else _UNKNOWN
        sender = bytes([len(digits), kind]) + bytes.fromhex(_swapped(digits + "F" * (len(digits) % 2)))
        body = bytes([0x00, _UCS2]) + self._time + bytes([len(text)]) + text
        status = _NEW if self.new else _READ
        return (bytes([status]) + _NO_SERVICE_CENTRE + bytes([_DELIVER]) + sender + body).hex().upper()

    @property
    def _time(self) -> bytes:
        """The date, and the distance from UTC in quarters of an hour (b4 of the last byte: negative)."""
        date = datetime.fromisoformat(self.date)
        offset = date.utcoffset()
        quarters = int(offset.total_seconds()) // 900 if offset else 0
        coded = bytearray.fromhex(_swapped(f"{date:%y%m%d%H%M%S}{abs(quarters):02}"))
        coded[-1] |= 0x08 if quarters < 0 else 0
        return bytes(coded)


def _swapped(digits: str) -> str:
    return "".join(digits[index + 1] + digits[index] for index in range(0, len(digits), 2))
