"""A bound profile package cut into the segments that the card takes one by one (SGP.22 §2.5.5, §5.7.6).

```
BF36 { BF23, A0 { 87 ... }, A1 { 88 ... }, A2 { 87 ... }?, A3 { 86 ... } }
```
The package is as large as the profile and encrypted for the card, so it is never decoded: its structure is
checked, and each segment is a view on its bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lpa.errors import BadAnswer
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv, header
from lpa.rsp.display import few
from lpa.rsp.limits import SEGMENT_BYTES

PACKAGE, CHANNEL = 0xBF36, schema.tag_of("InitialiseSecureChannel")
CONFIGURATION, METADATA, SESSION_KEYS, ELEMENTS = 0xA0, 0xA1, 0xA2, 0xA3

# The tag of each part's items, and the orders in which the parts may come.
_ITEMS = {CONFIGURATION: 0x87, METADATA: 0x88, SESSION_KEYS: 0x87, ELEMENTS: 0x86}
_ORDERS = (
    [CHANNEL, CONFIGURATION, METADATA, ELEMENTS],
    [CHANNEL, CONFIGURATION, METADATA, SESSION_KEYS, ELEMENTS],
)
_HEADER_ALONE = (METADATA, ELEMENTS)  # other parts are sent with their header and first item together
_MAC = 8  # bytes at the end of each item


@dataclass(frozen=True)
class PackagePart:
    """A TLV of the package by its offsets: of its start, of its content, and of its end."""

    tag: int
    start: int
    content: int
    end: int


@dataclass(frozen=True)
class Package:
    """A package whose structure was checked. Make one with `checked`."""

    whole: memoryview
    parts: tuple[PackagePart, ...]
    items: dict[int, tuple[PackagePart, ...]]

    @classmethod
    def checked(cls, data: bytes, longest: int = SEGMENT_BYTES) -> Package:
        """The package in `data`, which must hold nothing else. `longest`: the bytes that fit in one segment.

        Raises `BadAnswer` if a part is missing, unexpected or too long, before anything is sent to the card.
        """
        whole = memoryview(data)
        outer = list(_cut(whole, 0, len(whole)))
        if [part.tag for part in outer] != [PACKAGE]:
            raise BadAnswer(f"This is not a bound profile package: {bytes(whole[:20]).hex()}.")
        parts = tuple(_cut(whole, outer[0].content, outer[0].end))
        if [part.tag for part in parts] not in _ORDERS:
            tags = few(f"{part.tag:X}" for part in parts)
            raise BadAnswer(f"The bound profile package has the wrong parts: {tags}.")
        package = cls(whole, parts, {part.tag: _items(whole, part) for part in parts[1:]})
        size = max(map(len, package.segments()))
        if size > longest:
            raise BadAnswer(
                f"A segment of the bound profile package has {size} bytes; the card takes at most {longest}."
            )
        return package

    def segments(self) -> Iterator[memoryview]:
        """The segments to send to the card, in order, each as a command of its own."""
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
        """Its StoreMetadata, which is not encrypted."""
        return b"".join(self.whole[item.content : item.end - _MAC] for item in self.items[METADATA])


def segments(package: bytes) -> Iterator[memoryview]:
    """The segments of `package`. Raises `BadAnswer` before the first if its structure is wrong."""
    return Package.checked(package).segments()


def _items(whole: memoryview, part: PackagePart) -> tuple[PackagePart, ...]:
    items = tuple(_cut(whole, part.content, part.end))
    wanted = _ITEMS[part.tag]
    if not items or any(item.tag != wanted or item.end - item.content < _MAC for item in items):
        raise BadAnswer(
            f"Part {part.tag:X} of the bound profile package does not consist of valid {wanted:X} objects."
        )
    return items


def _cut(whole: memoryview, start: int, end: int) -> Iterator[PackagePart]:
    """The TLVs between two offsets. Raises `BadAnswer` if they do not fill the space between."""
    while start < end:
        try:
            tag, size, length = header(whole[start:end])
        except BadAnswer as error:
            raise BadAnswer(f"The bound profile package cannot be read. {error.message}") from error
        if start + size + length > end:
            raise BadAnswer(f"Part {tag:X} of the bound profile package is longer than its container.")
        yield PackagePart(tag, start, start + size, start + size + length)
        start += size + length


def result(answer: bytes) -> Tlv | None:
    """The ProfileInstallationResult in the answer to a segment, None if there is none yet."""
    return Tlv.whole(answer).search(schema.tag_of("ProfileInstallationResult")) if answer else None
