"""A BER-TLV that *is* its own bytes.

What an eUICC signed must be checked and forwarded as the bytes that came. So a `Tlv` never holds a parsed
copy: it is a slice of what arrived, and its tag and value are read on demand.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from lpa.errors import BadAnswer

_MAX_TAG_BYTES = 3
_MAX_LENGTH_BYTES = 4  # more than any object in SGP.22 needs, but some senders always write four


class Tlv(bytes):
    """One BER-TLV with definite length, header included. Make one with `whole`, `cut` or `build`."""

    @classmethod
    def whole(cls, data: bytes) -> Tlv:
        """The one TLV in `data`. Raises `BadAnswer` if there is less or more."""
        tlv, rest = cls.cut(data)
        if rest:
            raise BadAnswer(f"The object with tag {tlv.tag:X} is followed by {len(rest)} unexpected bytes.")
        return tlv

    @classmethod
    def cut(cls, data: bytes) -> tuple[Tlv, bytes]:
        """The first TLV of `data`, and what follows it. Raises `BadAnswer` if `data` does not hold one."""
        _, _, end = _bounds(data, 0)
        return cls(data[:end]), data[end:]

    @classmethod
    def sequence(cls, data: bytes) -> Iterator[Tlv]:
        """The TLVs that `data` consists of. Raises `BadAnswer` where one is malformed."""
        start = 0
        while start < len(data):
            _, _, end = _bounds(data, start)
            yield cls(data[start:end])
            start = end

    @classmethod
    def build(cls, tag: int, *parts: bytes) -> Tlv:
        """A TLV with `tag` (as written in the specification, e.g. 0xBF2D) around the joined `parts`."""
        value = b"".join(parts)
        return cls(tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big") + _length(len(value)) + value)

    @property
    def tag(self) -> int:
        """The tag as written in the specification: 0x5A, 0xBF2D."""
        return int.from_bytes(self[: _header(self, 0)[0]], "big")

    @property
    def value(self) -> bytes:
        """The content, without tag and length."""
        return bytes(self[_header(self, 0)[1] :])

    @property
    def children(self) -> tuple[Tlv, ...]:
        """The TLVs inside a constructed one. Raises `BadAnswer` where one is malformed."""
        return tuple(Tlv.sequence(self.value))

    def child(self, tag: int) -> Tlv | None:
        """The first child with `tag`, or None."""
        return next((child for child in self.children if child.tag == tag), None)

    def search(self, tag: int) -> Tlv | None:
        """The first TLV with `tag` at any depth, this one included, else None. Skips malformed branches."""
        # A loop, not a recursion: hostile bytes can nest deeper than Python's stack.
        stack = [self]
        while stack:
            tlv = stack.pop()
            if tlv.tag == tag:
                return tlv
            if tlv[0] & 0x20:
                with suppress(BadAnswer):
                    stack.extend(reversed(tlv.children))
        return None

    def __repr__(self) -> str:
        return f"Tlv({self.hex()})"


def header(data: bytes | memoryview) -> tuple[int, int, int]:
    """The tag of the first TLV in `data`, its number of tag and length bytes, and the length of its value.

    Raises `BadAnswer` if there is no such header. The value may be missing.
    """
    tag_bytes, size, length = _header(data, 0)
    return int.from_bytes(data[:tag_bytes], "big"), size, length


def split(data: bytes) -> list[tuple[int, bytes, bytes]]:
    """The TLVs that `data` consists of, each as its tag, its value and all its bytes.

    As `Tlv.sequence`, for a decoder, which needs all three. Raises `BadAnswer` where one is malformed.
    """
    parts = []
    start = 0
    while start < len(data):
        tag_end, content, end = _bounds(data, start)
        parts.append((int.from_bytes(data[start:tag_end], "big"), data[content:end], data[start:end]))
        start = end
    return parts


def _bounds(data: bytes, start: int) -> tuple[int, int, int]:
    """Where the tag of the TLV at `start` ends, where its value begins and where that ends."""
    tag_end, content, length = _header(data, start)
    end = content + length
    if end > len(data):
        raise BadAnswer(f"An object announces {length} bytes, but only {len(data) - content} follow.")
    return tag_end, content, end


def _header(data: bytes | memoryview, start: int) -> tuple[int, int, int]:
    """Where the tag of the TLV at `start` ends, where its value begins, and the length of the value."""
    try:
        tag_end = start + 1
        if data[start] & 0x1F == 0x1F:
            while data[tag_end] & 0x80:
                tag_end += 1
            tag_end += 1
        first = data[tag_end]
    except IndexError:
        raise BadAnswer("An object ends inside its tag or length.") from None
    if tag_end - start > _MAX_TAG_BYTES:
        raise BadAnswer(f"An object has a tag of {tag_end - start} bytes.")
    if first < 0x80:
        return tag_end, tag_end + 1, first
    width = first & 0x7F
    content = tag_end + 1 + width
    if not 1 <= width <= _MAX_LENGTH_BYTES:
        raise BadAnswer(f"An object has a length of {width} bytes, not of 1 to {_MAX_LENGTH_BYTES}.")
    if content > len(data):
        raise BadAnswer("An object ends inside its length.")
    return tag_end, content, int.from_bytes(data[tag_end + 1 : content], "big")


def _length(length: int) -> bytes:
    if length < 0x80:
        return bytes([length])
    width = (length.bit_length() + 7) // 8
    return bytes([0x80 | width]) + length.to_bytes(width, "big")
