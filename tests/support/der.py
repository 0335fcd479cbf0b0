"""Build and split TLVs without the library."""

from __future__ import annotations


def tlv(tag: str, *parts: bytes) -> bytes:
    """A TLV: `tag` in hexadecimal, the length in as few bytes as possible."""
    value = b"".join(parts)
    size = len(value)
    coded = bytes([size]) if size < 128 else size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes.fromhex(tag) + (bytes([0x80 | len(coded)]) if size > 127 else b"") + coded + value


def cut(data: bytes) -> list[tuple[int, bytes]]:
    """The TLVs in `data`: each with its tag, whole."""
    found = []
    while data:
        start = 2 if data[0] & 0x1F == 0x1F else 1
        wide = data[start] & 0x7F if data[start] & 0x80 else 0
        head = start + 1 + wide
        size = int.from_bytes(data[start + 1 : head], "big") if wide else data[start]
        found.append((int.from_bytes(data[:start], "big"), data[: head + size]))
        data = data[head + size :]
    return found


def appended(data: bytes, more: str, *path: int) -> bytes:
    """`data` with `more` (in hexadecimal) at the end of a TLV in it, at a path of child numbers."""
    tag = data[: 2 if data[0] & 0x1F == 0x1F else 1].hex()
    if not path:
        return tlv(tag, value(data), bytes.fromhex(more))
    inside = parts(data)
    inside[path[0]] = appended(inside[path[0]], more, *path[1:])
    return tlv(tag, *inside)


def value(data: bytes) -> bytes:
    """The content of the one TLV that `data` is."""
    start = 2 if data[0] & 0x1F == 0x1F else 1
    return data[start + 1 + (data[start] & 0x7F if data[start] & 0x80 else 0) :]


def parts(data: bytes) -> list[bytes]:
    """The TLVs inside the one that `data` is."""
    return [part for _, part in cut(value(data))]
