"""Bytes of which some are hidden and only counted: `0020000108 <8 bytes>`.

The written form is hexadecimal digits, with or without spaces, and placeholders: `<8 bytes>` for eight hidden
bytes, `<hidden>` for any number, at most once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Self

from lpa.rsp.facts import fact

_MOST = 1 << 23  # bytes, the hidden ones included: more than any package or command has
_ANY = "<hidden>"
_PLACEHOLDER = re.compile(r"<(?:([0-9]{1,8}) bytes?|hidden)>")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})*")


@fact
class Masked:
    """The parts in their order: bytes; a number of hidden ones; None for any number of them."""

    parts: tuple[bytes | int | None, ...]

    @classmethod
    def of(cls, *parts: bytes | int | None) -> Self:
        """Without empty parts, and with bytes joined that follow each other."""
        return cls(tuple(_joined(parts)))

    @classmethod
    def parse(cls, text: str) -> Self:
        """From the written form. Raises ValueError."""
        parts: list[bytes | int | None] = []
        place = 0
        for found in _PLACEHOLDER.finditer(text):
            parts += [_digits(text[place : found.start()]), int(found[1]) if found[1] else None]
            place = found.end()
        made = cls.of(*parts, _digits(text[place:]))
        if sum(part is None for part in parts) > 1:
            raise ValueError(f"{_ANY} may occur once in a line")
        if made.size > _MOST:
            raise ValueError(f"it stands for more than {_MOST} bytes")
        return made

    def __str__(self) -> str:
        return " ".join(_written(part) for part in self.parts)

    @property
    def size(self) -> int:
        """The number of bytes. `<hidden>` counts as none."""
        return sum(len(part) if isinstance(part, bytes) else part or 0 for part in self.parts)

    def matches(self, content: bytes) -> bool:
        """Whether `content` may be these bytes: the hidden ones are any."""
        pattern = b"".join(_pattern(part) for part in self.parts)
        return re.fullmatch(pattern, content, re.DOTALL) is not None

    def filled(self) -> bytes:
        """The bytes, with zeros for the hidden ones, and nothing for `<hidden>`."""
        return b"".join(part if isinstance(part, bytes) else bytes(part or 0) for part in self.parts)


def _joined(parts: Iterable[bytes | int | None]) -> list[bytes | int | None]:
    joined: list[bytes | int | None] = []
    for part in parts:
        before = joined[-1] if joined else None
        if isinstance(part, bytes) and isinstance(before, bytes):
            joined[-1] = before + part
        elif part or part is None:
            joined.append(part)
    return joined


def _digits(text: str) -> bytes:
    digits = "".join(text.split())
    if not _HEX.fullmatch(digits):
        raise ValueError("it is neither pairs of hexadecimal digits nor a placeholder")
    return bytes.fromhex(digits)


def _written(part: bytes | int | None) -> str:
    if isinstance(part, bytes):
        return part.hex().upper()
    return _ANY if part is None else f"<{part} bytes>"


def _pattern(part: bytes | int | None) -> bytes:
    if isinstance(part, bytes):
        return re.escape(part)
    return b".*" if part is None else b".{%d}" % part
