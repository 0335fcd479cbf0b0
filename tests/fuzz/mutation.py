"""Mutate an input and keep its form: the content of a TLV changes, and the lengths around it are adapted.

The same holds for the members of a JSON object, base64 or not. A fuzzer that only flips bytes seldom gets
past the outermost length.
"""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

_DEEPEST = 12
_LONGEST_WORD = (
    12  # characters; longer texts with other characters than letters and digits are tried as base64
)
_INTERESTING = (b"", b"\0", b"\xff", b"\x80", b"\x7f", bytes(9), b"\xff" * 9, b"\x1b[2J", b"\xed\xa0\x80")


def mutated(data: bytes, random: Random, mutate: Callable[[bytes], bytes] | None = None) -> bytes:
    """`data` with one mutation. `mutate`: the mutation of a primitive TLV's content, or of other bytes."""
    mutate = mutate or (lambda content: _plain(content, random))
    if data.startswith(b"{") and random.random() < 0.8:
        with contextlib.suppress(RecursionError, ValueError):
            return _member_changed(json.loads(data), random, mutate)
    return _changed(data, random, mutate, 0)


def _member_changed(members: Any, random: Random, mutate: Callable[[bytes], bytes]) -> bytes:
    """A JSON object with one text changed; base64 is changed in its decoded bytes."""
    inside = members
    while isinstance(inside, dict | list) and inside:
        place = random.choice(list(inside)) if isinstance(inside, dict) else random.randrange(len(inside))
        value = inside[place]
        if isinstance(value, str):
            inside[place] = _text_changed(value, random, mutate)
        inside = value
    return json.dumps(members).encode()


def _text_changed(text: str, random: Random, mutate: Callable[[bytes], bytes]) -> str:
    with contextlib.suppress(ValueError):
        if len(text) > _LONGEST_WORD and not text.isalnum():
            content = base64.b64decode(text, validate=True)
            return base64.b64encode(_changed(content, random, mutate, 0)).decode()
    return mutate(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogateescape")


def _changed(data: bytes, random: Random, mutate: Callable[[bytes], bytes], depth: int) -> bytes:
    items = _cut(data)
    if not items or depth == _DEEPEST or random.random() < 0.1:
        return mutate(data)
    index = random.randrange(len(items))
    tag, value = items[index]
    what = random.randrange(8)
    if what == 0:
        del items[index]
    elif what == 1:
        items.insert(random.randrange(len(items) + 1), (tag, value))
    elif what == 2:
        items[index] = random.choice((_flipped(tag, random), b"\x30", b"\x0c")), value
    elif what == 3:
        items[index] = tag, random.choice(_INTERESTING)
    else:
        inside = _changed if tag[0] & 0x20 else _primitive
        items[index] = tag, inside(value, random, mutate, depth + 1)
    return b"".join(_built(*item) for item in items)


def _cut(data: bytes) -> list[tuple[bytes, bytes]]:
    """Tags and values; none if it is not a sequence of TLVs. Independent of the library under test."""
    items, at, size = [], 0, len(data)
    while at < size:
        begin = at
        at += 1 if data[at] & 0x1F != 0x1F else 2
        if at >= size:
            return []
        tag, length = data[begin:at], data[at]
        at += 1
        if length & 0x80:
            width = length & 0x7F
            length = int.from_bytes(data[at : at + width], "big")
            at += width
        items.append((tag, data[at : at + length]))
        at += length
    return items if at == size else []


def _length(size: int) -> bytes:
    if size < 0x80:
        return bytes([size])
    return b"\x82" + size.to_bytes(2, "big") if size > 0xFF else bytes([0x81, size])


def _flipped(tag: bytes, random: Random) -> bytes:
    return bytes([tag[0] ^ 1 << random.randrange(8)]) + tag[1:]


def _primitive(data: bytes, random: Random, mutate: Callable[[bytes], bytes], depth: int) -> bytes:
    """Some contain TLVs: an extension of a certificate, the card's resources."""
    return _changed(data, random, mutate, depth) if random.random() < 0.3 else mutate(data)


def _plain(content: bytes, random: Random) -> bytes:
    at = random.randrange(len(content) + 1)
    what = random.randrange(4)
    if what == 0:
        return content[:at] + random.choice(_INTERESTING) + content[at:]
    if what == 1:
        return content[:at]
    if what == 2:
        return content[:at] + content[at + random.randrange(1, 5) :]
    return content[:at] + bytes([random.randrange(256)]) + content[at + 1 :]


def swollen(data: bytes, size: int) -> Iterator[bytes]:
    """Large inputs: deeply nested, `data` repeated, and the content of each TLV in it repeated."""
    yield nested(data, size)
    yield (data * (size // max(len(data), 1)))[:size]
    yield from _swollen(data, size - len(data) - 64, 0)


def nested(data: bytes, size: int) -> bytes:
    """`data` in as many nested TLVs as fit, some with an empty one beside them."""
    tag = _cut(data)[0][0] if _cut(data) else b"\x30"
    while len(data) < size - 16:
        data = _built(tag, data) if len(data) % 4 else _built(b"\xa0", _built(b"\x80", b"") + data)
    return data


def _swollen(data: bytes, room: int, depth: int) -> Iterator[bytes]:
    items = _cut(data) if depth < _DEEPEST else []
    for index, (tag, value) in enumerate(items):
        before, after = (
            b"".join(_built(*item) for item in part) for part in (items[:index], items[index + 1 :])
        )
        for inside in (value * (room // max(len(value), 1)), *_swollen(value, room, depth + 1)):
            yield before + _built(tag, inside) + after


def _built(tag: bytes, value: bytes) -> bytes:
    return tag + _length(len(value)) + value
