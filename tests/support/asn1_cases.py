"""Random values of the types in `asn1/rsp.asn`, and damaged messages, to compare two codecs with."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from lpa.errors import BadAnswer
from lpa.rsp.codec.ber import Tlv
from lpa.sim.codec.definitions import Node, members, resolved

_TEXTS = ("", "a", "smdp.example", "Ünïcödé", "信号", "😀", "x" * 130, "\0")
_FORMS = (b"", b"\0", b"\x07", b"\x7f", b"\x80", b"\xff", b"\x01\x00", b"\x08\xff", b"\x07\x80", bytes(9))
_MISFITS = (7, -1, "7", b"7", True, ("iccid", b""), (b"", 1), (b"\0", 9), "\ud800", b"x" * 2000)
_NOTHING: tuple[object, ...] = (None, {}, [], ())  # asn1tools takes these for an ANY
_TAGS = (0x30, 0x5A, 0x4F, 0x06, 0x02, 0x80, 0x81, 0xA0, 0xA1, 0x9F70, 0xBF27, 0xBF2D, 0xBF2F, 0x5F37)


def value(node: Node, random: Random) -> Any:
    """A value that fits `node`."""
    defined = resolved(node)
    kind = defined["type"]
    if kind == "SEQUENCE":
        present = [member for member in members(node) if not member.get("optional") or random.random() < 0.5]
        return {member["name"]: value(member, random) for member in present}
    if kind == "SEQUENCE OF":
        return [value(defined["element"], random) for _ in range(random.choice((0, 1, 1, 2, 3)))]
    if kind == "CHOICE":
        chosen = random.choice(members(node))
        return chosen["name"], value(chosen, random)
    return _primitive(defined, random)


def spoiled(found: Any, random: Random) -> Any:
    """`found` with one part replaced, left out, or added."""
    if isinstance(found, dict) and found and random.random() < 0.8:
        name = random.choice(list(found))
        rest = {other: inner for other, inner in found.items() if other != name}
        return rest if random.random() < 0.2 else {**rest, name: spoiled(found[name], random)}
    if isinstance(found, dict) and random.random() < 0.3:
        return {**found, "unknown": 1}
    if isinstance(found, list) and found and random.random() < 0.8:
        return [spoiled(found[0], random), *found[1:]]
    if isinstance(found, tuple) and isinstance(found[0], str) and random.random() < 0.8:
        return found[0], spoiled(found[1], random)
    if isinstance(found, bytes):
        return random.choice((found[:-1], found + b"x", *_MISFITS))
    return random.choice(_MISFITS + _NOTHING)


def damaged(coded: bytes, random: Random) -> bytes:
    """`coded` changed once: inside its structure, or any of its bytes."""
    try:
        tlv = Tlv.whole(coded)
        inside = tlv.children if tlv and tlv[0] & 0x20 else ()
    except BadAnswer:
        return _scattered(coded, random)
    if inside and random.random() < 0.75:
        place = random.randrange(len(inside))
        child = damaged(inside[place], random)
        return _joined(tlv, [*inside[:place], child, *inside[place + 1 :]], random)
    changes = (_scattered, _reordered, _refilled, _extended, _relabelled)
    return random.choice(changes)(tlv, random)


def _primitive(defined: Node, random: Random) -> Any:
    make: dict[str, Callable[[Random, Node], object]] = {
        "ANY": _any,
        "BIT STRING": _bits,
        "BOOLEAN": lambda random, _: random.random() < 0.5,
        "INTEGER": _integer,
        "OBJECT IDENTIFIER": _identifier,
        "OCTET STRING": _octets,
        "UTF8String": lambda random, _: random.choice(_TEXTS),
    }
    return make[defined["type"]](random, defined)


def _integer(random: Random, _: Node) -> int:
    return random.choice(
        (0, 127, 128, random.randrange(128), random.getrandbits(63), -random.getrandbits(40))
    )


def _any(random: Random, _: Node) -> bytes:
    content = random.randbytes(random.choice((0, 1, 5, 127, 128)))
    return bytes(Tlv.build(random.choice(_TAGS), content))


def _bits(random: Random, _: Node) -> tuple[bytes, int]:
    width = random.randrange(40)
    return random.randbytes((width + 7) // 8 + random.choice((0, 0, 1))), width


def _identifier(random: Random, _: Node) -> str:
    numbers = random.choices((0, 1, 2, 39, 840, 113549, 2**70), k=random.randrange(2, 9))
    return ".".join(str(number) for number in numbers)


def _octets(random: Random, defined: Node) -> bytes:
    size = random.choice(defined.get("size", [(0, 40)]))
    least, greatest = size if isinstance(size, tuple) else (size, size)
    return random.randbytes(random.randint(least, min(greatest, 300)))


def _joined(outer: Tlv, parts: list[bytes], random: Random) -> bytes:
    """The parts in the wrapper of `outer`, sometimes with a longer length than needed."""
    return _with_length(outer.tag, b"".join(parts), random.choice((0, 0, 0, 2, 4)))


def _with_length(tag: int, content: bytes, width: int) -> bytes:
    if not width:
        return Tlv.build(tag, content)
    length = bytes([0x80 | width]) + len(content).to_bytes(width, "big")
    return tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big") + length + content


def _scattered(coded: bytes, random: Random) -> bytes:
    place = random.randint(0, len(coded))
    return coded[:place] + random.randbytes(random.randrange(3)) + coded[place + random.randrange(3) :]


def _reordered(tlv: Tlv, random: Random) -> bytes:
    """Members in another order, repeated, or left out."""
    inside = _children(tlv)
    return _joined(
        tlv, random.choices(inside, k=random.randint(0, len(inside) + 1)) if inside else [], random
    )


def _refilled(tlv: Tlv, random: Random) -> bytes:
    return _with_length(
        tlv.tag, random.choice((*_FORMS, random.randbytes(random.randrange(20)))), random.choice((0, 1))
    )


def _extended(tlv: Tlv, random: Random) -> bytes:
    """A further member, unknown or not, anywhere."""
    inside = list(_children(tlv))
    inside.insert(random.randint(0, len(inside)), Tlv.build(random.choice(_TAGS), random.choice(_FORMS)))
    return _joined(tlv, [*inside], random)


def _relabelled(tlv: Tlv, random: Random) -> bytes:
    return Tlv.build(random.choice((*_TAGS, tlv.tag ^ 0x20)), tlv.value)


def _children(tlv: Tlv) -> tuple[Tlv, ...]:
    try:
        return tlv.children
    except BadAnswer:
        return ()
