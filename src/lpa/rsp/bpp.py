"""A bound profile package cut into the segments that the card takes one by one (SGP.22 §2.5.5, §5.7.6).

```
BF36 { BF23, A0 { 87 ... }, A1 { 88 ... }, A2 { 87 ... }?, A3 { 86 ... } }
```
It is as large as the profile and encrypted for the card, so it is never decoded: its shape is checked, and a
segment is a view on its bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lpa.errors import BadAnswer
from lpa.rsp.codec.ber import Tlv, header
from lpa.rsp.display import few
from lpa.rsp.limits import SEGMENT_BYTES

PACKAGE, CHANNEL = 0xBF36, 0xBF23
CONFIGURATION, METADATA, SESSION_KEYS, ELEMENTS = 0xA0, 0xA1, 0xA2, 0xA3
RESULT = 0xBF37

# What each part holds, and in which order they come. Of these, one is cut before its first item.
_ITEMS = {CONFIGURATION: 0x87, METADATA: 0x88, SESSION_KEYS: 0x87, ELEMENTS: 0x86}
_ORDERS = (
    [CHANNEL, CONFIGURATION, METADATA, ELEMENTS],
    [CHANNEL, CONFIGURATION, METADATA, SESSION_KEYS, ELEMENTS],
)
_HEADER_ALONE = (METADATA, ELEMENTS)
_MAC = 8  # bytes at the end of each item


@dataclass(frozen=True)
class Part:
    """A TLV of the package by its places in it: where it begins, its content begins, and it ends."""

    tag: int
    start: int
    content: int
    end: int


@dataclass(frozen=True)
class Package:
    """A package whose shape is right. Make one with `checked`."""

    whole: memoryview
    parts: tuple[Part, ...]
    items: dict[int, tuple[Part, ...]]

    @classmethod
    def checked(cls, data: bytes, longest: int = SEGMENT_BYTES) -> Package:
        """The package that all of `data` is. `longest`: bytes of a segment that the card takes.

        Raises `BadAnswer` if its parts are not as they should be, or too long: before the card gets any.
        """
        whole = memoryview(data)
        outer = list(_cut(whole, 0, len(whole)))
        if [part.tag for part in outer] != [PACKAGE]:
            raise BadAnswer(f"This is no bound profile package: {bytes(whole[:20]).hex()}.")
        parts = tuple(_cut(whole, outer[0].content, outer[0].end))
        if [part.tag for part in parts] not in _ORDERS:
            tags = few(f"{part.tag:X}" for part in parts)
            raise BadAnswer(f"The bound profile package has other parts than it should: {tags}.")
        package = cls(whole, parts, {part.tag: _items(whole, part) for part in parts[1:]})
        size = max(map(len, package.segments()))
        if size > longest:
            raise BadAnswer(
                f"The bound profile package has a piece of {size} bytes; the card takes {longest} at once."
            )
        return package

    def segments(self) -> Iterator[memoryview]:
        """What to send to the card, in this order, each as a command of its own."""
        yield self.whole[: self.parts[0].end]
        for part in self.parts[1:]:
            items = list(self.items[part.tag])
            if part.tag in _HEADER_ALONE:
                yield self.whole[part.start : part.content]
            else:
                yield self.whole[part.start : items.pop(0).end]
            for item in items:
                yield self.whole[item.start : item.end]

    @property
    def metadata(self) -> bytes:
        """The StoreMetadata in it, which is not encrypted."""
        return b"".join(self.whole[item.content : item.end - _MAC] for item in self.items[METADATA])


def segments(package: bytes) -> Iterator[memoryview]:
    """The segments of `package`. Raises `BadAnswer` before the first, if its shape is not right."""
    return Package.checked(package).segments()


def _items(whole: memoryview, part: Part) -> tuple[Part, ...]:
    items = tuple(_cut(whole, part.content, part.end))
    wanted = _ITEMS[part.tag]
    if not items or any(item.tag != wanted or item.end - item.content < _MAC for item in items):
        raise BadAnswer(f"The part {part.tag:X} of the bound profile package does not hold {wanted:X} alone.")
    return items


def _cut(whole: memoryview, start: int, end: int) -> Iterator[Part]:
    """The TLVs between two places, which they must fill."""
    while start < end:
        try:
            tag, size, length = header(whole[start:end])
        except BadAnswer as error:
            raise BadAnswer(f"The bound profile package cannot be read. {error.message}") from error
        if start + size + length > end:
            raise BadAnswer(f"The part {tag:X} of the bound profile package is longer than what holds it.")
        yield Part(tag, start, start + size, start + size + length)
        start += size + length


def result(answer: bytes) -> Tlv | None:
    """The ProfileInstallationResult in the answer to a segment, None if there is none yet."""
    return Tlv.whole(answer).search(RESULT) if answer else None
