"""Checks the order and lengths of the segments of a bound profile package (SGP.22 §2.5.4, §2.5.5).

```
BF36 { BF23, A0 { 87 ... }, A1 { 88 ... }, A2? { 87 ... }, A3 { 86 ... } }
```
Each segment is one ES10 request. The first is the header of BF36 with all of BF23. A0 and A2 are one segment,
or a header with the first 87 and then each further 87. A1 and A3 are a header, and then each 88 or 86.

A segment out of order (6985) and an incomplete one (6A80) are refused with a status word and change nothing.
Lengths that contradict each other raise `LengthMismatch`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lpa.errors import BadAnswer
from lpa.rsp.codec.ber import Tlv
from lpa.sim.euicc.command_apdu import CONDITIONS_NOT_SATISFIED, StatusWord

PACKAGE, SECURE_CHANNEL = 0xBF36, 0xBF23
CONFIGURATION, METADATA, SESSION_KEYS, ELEMENTS = 0xA0, 0xA1, 0xA2, 0xA3

_INSIDE = {CONFIGURATION: 0x87, METADATA: 0x88, SESSION_KEYS: 0x87, ELEMENTS: 0x86}
_HEADER_ALONE = (METADATA, ELEMENTS)
_NEXT = {
    SECURE_CHANNEL: (CONFIGURATION,),
    CONFIGURATION: (METADATA,),
    METADATA: (SESSION_KEYS, ELEMENTS),
    SESSION_KEYS: (ELEMENTS,),
    ELEMENTS: (),
}
TAGS = frozenset((PACKAGE, *_INSIDE, *_INSIDE.values()))


class LengthMismatch(Exception):
    """The announced lengths contradict each other. `part`: the part in which they do."""

    def __init__(self, part: int) -> None:
        super().__init__(f"{part:02X}")
        self.part = part


class TlvStart(NamedTuple):
    """The beginning of a TLV: tag, announced length of the value, and the part of the value that is there."""

    tag: int
    length: int
    rest: bytes


class Piece(NamedTuple):
    """A protected TLV (86, 87, 88) in a part (A0 to A3) of the package. `last`: the last one in its part."""

    part: int
    segment: Tlv
    last: bool


class Segments:
    """The position in a package. `part`: the current part (BF23, A0 to A3)."""

    def __init__(self, announced: int, secure_channel: Tlv) -> None:
        """Start a package of `announced` bytes after its first segment, with `secure_channel` (BF23)."""
        self.part = SECURE_CHANNEL
        self._package_left = announced - len(secure_channel)
        self._left = 0

    def pieces(self, segment: bytes) -> Iterator[Piece]:
        """The protected TLVs in the next segment. Raises StatusWord, BadAnswer and `LengthMismatch`."""
        pieces = self._inside(segment) if self._left else self._begun(read_start(segment), len(segment))
        for piece in pieces:
            self._left -= len(piece)
            if self._left < 0 or (self.part == ELEMENTS and not self._left and self._package_left):
                raise LengthMismatch(self.part)
            yield Piece(self.part, piece, last=not self._left)

    def _inside(self, segment: bytes) -> list[Tlv]:
        piece = Tlv.whole(segment)
        _demand(piece.tag, _INSIDE[self.part])
        return [piece]

    def _begun(self, part: TlvStart, size: int) -> list[Tlv]:
        """Start a new part with its header, and return the TLVs in the same segment."""
        _demand(part.tag, *_NEXT[self.part])
        if part.rest and part.tag in _HEADER_ALONE:
            raise BadAnswer(f"The header of {part.tag:X} must be a segment of its own.")
        pieces = list(Tlv.sequence(part.rest))
        for piece in pieces:
            _demand(piece.tag, _INSIDE[part.tag])
        self.part, self._left = part.tag, part.length
        self._package_left -= size - len(part.rest) + part.length
        if self._package_left < 0 or not part.length:
            raise LengthMismatch(self.part)
        return pieces


def read_start(data: bytes) -> TlvStart:
    """The beginning of a TLV whose value may be incomplete. Raises `BadAnswer`."""
    size = 1
    if data[:1] and data[0] & 0x1F == 0x1F:
        size = 2 if len(data) < 2 or data[1] < 0x80 else 3
    coded = data[size:]
    width = coded[0] & 0x7F if coded and coded[0] & 0x80 else 0
    if not coded or len(coded) <= width or width > 4 or coded[0] == 0x80:
        raise BadAnswer("A segment has an incomplete tag or length.")
    length = int.from_bytes(coded[1 : 1 + width], "big") if width else coded[0]
    return TlvStart(int.from_bytes(data[:size], "big"), length, bytes(coded[1 + width :]))


def _demand(tag: int, *expected: int) -> None:
    if tag not in expected:
        raise StatusWord(CONDITIONS_NOT_SATISFIED)
