"""A bound profile package cut into the segments that the card takes one by one (SGP.22 §2.5.5, §5.7.6).

```
BF36 { BF23, A0 { 87 ... }, A1 { 88 ... }, A2 { 87 ... }?, A3 { 86 ... } }
```
The package is as large as the profile and encrypted for the card, so it is never decoded: its structure is
checked, and each segment is cut from it when its turn comes. It may be in a file: of its bytes and of its
items none is held.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from lpa.errors import BadAnswer
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv, header
from lpa.rsp.display import few
from lpa.rsp.limits import MEMBER_BYTES, PACKAGE_BYTES, SEGMENT_BYTES

PACKAGE, CHANNEL = 0xBF36, schema.tag_of("InitialiseSecureChannel")
CONFIGURATION, METADATA, SESSION_KEYS, ELEMENTS = 0xA0, 0xA1, 0xA2, 0xA3

# The tag of each part's items, and the orders in which the parts may come.
_ITEMS = {CONFIGURATION: 0x87, METADATA: 0x88, SESSION_KEYS: 0x87, ELEMENTS: 0x86}
_ORDERS = (
    [CHANNEL, CONFIGURATION, METADATA, ELEMENTS],
    [CHANNEL, CONFIGURATION, METADATA, SESSION_KEYS, ELEMENTS],
)
_NAMED_PARTS = 6  # that are named if they are wrong
_HEADER_ALONE = (METADATA, ELEMENTS)  # other parts are sent with their header and first item together
HEADER_BYTES = 8  # of the longest header: a tag of 3 bytes, a length of 5
_MAC = 8  # bytes at the end of each item


class PackageBytes(Protocol):
    """The bytes of a package, in memory or in a file."""

    def __len__(self) -> int: ...

    def __getitem__(self, place: slice, /) -> bytes: ...


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

    whole: PackageBytes
    parts: tuple[PackagePart, ...]

    @classmethod
    def checked(cls, data: PackageBytes, longest: int = SEGMENT_BYTES) -> Package:
        """The package in `data`, which must hold nothing else. `longest`: the bytes that fit in one segment.

        Raises `BadAnswer` if a part is missing, unexpected or too long, before anything is sent to the card.
        """
        outer = list(islice(_cut(data, 0, len(data)), 2))
        if [part.tag for part in outer] != [PACKAGE]:
            raise BadAnswer(f"This is not a bound profile package: {data[:20].hex()}.")
        parts = tuple(islice(_cut(data, outer[0].content, outer[0].end), _NAMED_PARTS))
        if [part.tag for part in parts] not in _ORDERS:
            tags = few(f"{part.tag:X}" for part in parts)
            raise BadAnswer(f"The bound profile package has the wrong parts: {tags}.")
        package = cls(data, parts)
        for part in parts[1:]:
            _check_items(part, package.items(part))
        size = max(end - start for start, end in package._segments())
        if size > longest:
            raise BadAnswer(
                f"A segment of the bound profile package has {size} bytes; the card takes at most {longest}."
            )
        return package

    def items(self, part: PackagePart) -> Iterator[PackagePart]:
        """The items of a part, in order."""
        return _cut(self.whole, part.content, part.end)

    def segments(self) -> Iterator[bytes]:
        """The segments to send to the card, in order, each as a command of its own."""
        return (self.whole[start:end] for start, end in self._segments())

    @property
    def metadata(self) -> bytes:
        """Its StoreMetadata, which is not encrypted."""
        part = next(part for part in self.parts if part.tag == METADATA)
        return b"".join(self.whole[item.content : item.end - _MAC] for item in self.items(part))

    def _segments(self) -> Iterator[tuple[int, int]]:
        """Where each segment starts and ends."""
        channel, *parts = self.parts
        yield 0, channel.end
        for part in parts:
            items = self.items(part)
            yield part.start, part.content if part.tag in _HEADER_ALONE else next(items).end
            yield from ((item.start, item.end) for item in items)


def announced_size(beginning: bytes) -> int:
    """The bytes of the package that begins so, as its header states them; 0 if it states no possible size."""
    try:
        tag, size, length = header(beginning[:HEADER_BYTES])
    except BadAnswer:
        return 0
    return size + length if tag == PACKAGE and size + length <= PACKAGE_BYTES else 0


def segments(package: bytes) -> Iterator[bytes]:
    """The segments of `package`. Raises `BadAnswer` before the first if its structure is wrong."""
    return Package.checked(package).segments()


def _check_items(part: PackagePart, items: Iterator[PackagePart]) -> None:
    wanted, contents = _ITEMS[part.tag], 0
    for item in items:
        if item.tag != wanted or item.end - item.content < _MAC:
            raise _wrong_items(part)
        contents += item.end - item.content - _MAC
    if part.content == part.end:
        raise _wrong_items(part)
    if part.tag == METADATA and contents > MEMBER_BYTES:
        raise BadAnswer(
            f"The metadata in the bound profile package have {contents} bytes, more than {MEMBER_BYTES}."
        )


def _wrong_items(part: PackagePart) -> BadAnswer:
    wanted = f"{_ITEMS[part.tag]:X}"
    return BadAnswer(
        f"Part {part.tag:X} of the bound profile package does not consist of valid {wanted} objects."
    )


def _cut(whole: PackageBytes, start: int, end: int) -> Iterator[PackagePart]:
    """The TLVs between two offsets. Raises `BadAnswer` if they do not fill the space between."""
    while start < end:
        try:
            tag, size, length = header(whole[start : min(start + HEADER_BYTES, end)])
        except BadAnswer as error:
            raise BadAnswer(f"The bound profile package cannot be read. {error.message}") from error
        if start + size + length > end:
            raise BadAnswer(f"Part {tag:X} of the bound profile package is longer than its container.")
        yield PackagePart(tag, start, start + size, start + size + length)
        start += size + length


def result(answer: bytes) -> Tlv | None:
    """The ProfileInstallationResult in the answer to a segment, None if there is none yet."""
    return Tlv.whole(answer).search(schema.tag_of("ProfileInstallationResult")) if answer else None
