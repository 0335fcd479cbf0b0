"""A bound profile package as it comes to the card: segment by segment, each in a STORE DATA of its own.

```
BF36 { BF23, A0 { 87 ... }, A1 { 88 ... }, A2? { 87 ... }, A3 { 86 ... } }           (SGP.22 §2.5.4, §2.5.5)
```
The first segment is the header of BF36 and all of BF23. A0 and A2 come whole, or their header with what
follows it and each further 87 alone. A1 and A3 come as their header alone, then each 88 or 86 alone.

What is not its turn is refused by a status word (6985), and a segment that is no whole one by another (6A80);
both leave everything as it was. Lengths that contradict each other are `Contradiction`.
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


class Contradiction(Exception):
    """The announced lengths do not fit each other: the package is broken in part `part`."""

    def __init__(self, part: int) -> None:
        super().__init__(f"{part:02X}")
        self.part = part


class Opened(NamedTuple):
    """The beginning of a TLV: its tag, the announced length of its value, and what came of that."""

    tag: int
    length: int
    rest: bytes


class Piece(NamedTuple):
    """A protected segment (86, 87, 88) in a part (A0 to A3) of the package. `last`: the part ends with it."""

    part: int
    segment: Tlv
    last: bool


class Segments:
    """Knows whose turn it is. `part` is the part (BF23, A0 to A3) that came last."""

    def __init__(self, announced: int, secure_channel: Tlv) -> None:
        """Of a package that announces `announced` bytes and begins with `secure_channel` (BF23)."""
        self.part = SECURE_CHANNEL
        self._package_left = announced - len(secure_channel)
        self._left = 0

    def pieces(self, segment: bytes) -> Iterator[Piece]:
        """What came in one segment, with its turn checked. Raises StatusWord, BadAnswer, `Contradiction`."""
        pieces = self._inside(segment) if self._left else self._begun(opened(segment), len(segment))
        for piece in pieces:
            self._left -= len(piece)
            if self._left < 0 or (self.part == ELEMENTS and not self._left and self._package_left):
                raise Contradiction(self.part)
            yield Piece(self.part, piece, last=not self._left)

    def _inside(self, segment: bytes) -> list[Tlv]:
        piece = Tlv.whole(segment)
        _demand(piece.tag, _INSIDE[self.part])
        return [piece]

    def _begun(self, part: Opened, size: int) -> list[Tlv]:
        """A new part: its header, and the pieces that came with it."""
        _demand(part.tag, *_NEXT[self.part])
        if part.rest and part.tag in _HEADER_ALONE:
            raise BadAnswer(f"The header of {part.tag:X} does not come alone.")
        pieces = list(Tlv.sequence(part.rest))
        for piece in pieces:
            _demand(piece.tag, _INSIDE[part.tag])
        self.part, self._left = part.tag, part.length
        self._package_left -= size - len(part.rest) + part.length
        if self._package_left < 0 or not part.length:
            raise Contradiction(self.part)
        return pieces


def opened(data: bytes) -> Opened:
    """The beginning of a TLV whose value may not have come yet. Raises `BadAnswer` if it is none."""
    size = 1
    if data[:1] and data[0] & 0x1F == 0x1F:
        size = 2 if len(data) < 2 or data[1] < 0x80 else 3
    coded = data[size:]
    width = coded[0] & 0x7F if coded and coded[0] & 0x80 else 0
    if not coded or len(coded) <= width or width > 4 or coded[0] == 0x80:
        raise BadAnswer("A segment ends inside its tag or length, or has none.")
    length = int.from_bytes(coded[1 : 1 + width], "big") if width else coded[0]
    return Opened(int.from_bytes(data[:size], "big"), length, bytes(coded[1 + width :]))


def _demand(tag: int, *turns: int) -> None:
    if tag not in turns:
        raise StatusWord(CONDITIONS_NOT_SATISFIED)
