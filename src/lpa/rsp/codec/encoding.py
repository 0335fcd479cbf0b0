"""Encode Python values as DER, guided by a `Node` of the tables in `rsp_types.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lpa.rsp.codec.ber import Tlv
from lpa.rsp.codec.decoding import ANY, Member, Node


def encoded(tag: int, node: Node, value: Any) -> bytes:
    """The DER of `value` as `node` with `tag`. Raises ValueError if it does not fit."""
    kind, details = node
    content = _ENCODERS[kind](details, value)
    return content if tag == ANY else Tlv.build(tag, content)


def _sequence(members: Iterable[Member], value: Any) -> bytes:
    if not isinstance(value, dict):
        raise _misfit("dict", value)
    parts = []
    for name, tag, optional, node in members:
        if name in value:
            parts.append(encoded(tag, node, value[name]))
        elif not optional:
            raise ValueError(f"the member {name} is missing")
    return b"".join(parts)


def _sequence_of(element: tuple[int, Node], value: Any) -> bytes:
    if not isinstance(value, list):
        raise _misfit("list", value)
    tag, node = element
    return b"".join(encoded(tag, node, item) for item in value)


def _choice(alternatives: Iterable[Member], value: Any) -> bytes:
    if not isinstance(value, tuple) or len(value) != 2:
        raise _misfit("pair of name and value", value)
    chosen, inner = value
    for name, tag, _, node in alternatives:
        if name == chosen:
            return encoded(tag, node, inner)
    raise ValueError(f"there is no alternative {chosen!r}")


def _any(_: None, value: Any) -> bytes:
    return _bytes(value)


def _boolean(_: None, value: Any) -> bytes:
    if not isinstance(value, bool):
        raise _misfit("bool", value)
    return b"\xff" if value else b"\0"


def _integer(_: object, value: Any) -> bytes:
    if not isinstance(value, int):
        raise _misfit("int", value)
    bits = (value + (value < 0)).bit_length() + 1  # one is the sign
    return value.to_bytes((bits + 7) // 8, "big", signed=True)


def _bit_string(_: object, value: Any) -> bytes:
    """The last byte's unused bits are written as zero, whatever they are in `value`."""
    if not isinstance(value, tuple) or len(value) != 2 or not isinstance(value[1], int):
        raise _misfit("pair of bytes and number of bits", value)
    content, width = _bytes(value[0]), value[1]
    if not 0 <= width <= 8 * len(content):
        raise ValueError(f"{len(content)} bytes do not have {width} bits")
    octets = (width + 7) // 8
    unused = 8 * octets - width
    number = int.from_bytes(content[:octets], "big") >> unused << unused
    return bytes([unused]) + number.to_bytes(octets, "big")


def _octet_string(sizes: tuple[int, int] | None, value: Any) -> bytes:
    content = _bytes(value)
    if sizes and not sizes[0] <= len(content) <= sizes[1]:
        raise ValueError(f"{len(content)} bytes instead of {sizes[0]} to {sizes[1]}")
    return content


def _utf8_string(_: None, value: Any) -> bytes:
    if not isinstance(value, str):
        raise _misfit("str", value)
    return value.encode()


def _object_identifier(_: None, value: Any) -> bytes:
    if not isinstance(value, str):
        raise _misfit("str", value)
    first, second, *others = (int(number) for number in value.split("."))
    return b"".join(_base_128(number) for number in (40 * first + second, *others))


def _base_128(number: int) -> bytes:
    """Seven bits in each byte; all but the last have the highest bit set."""
    content = [number & 0x7F]
    while (number := number >> 7) > 0:
        content.insert(0, 0x80 | number & 0x7F)
    return bytes(content)


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes | bytearray):
        raise _misfit("bytes", value)
    return bytes(value)


def _misfit(expected: str, value: Any) -> ValueError:
    return ValueError(f"a {expected} is needed, not a {type(value).__name__}")


_ENCODERS: dict[str, Callable[[Any, Any], bytes]] = {
    "ANY": _any,
    "BIT STRING": _bit_string,
    "BOOLEAN": _boolean,
    "CHOICE": _choice,
    "INTEGER": _integer,
    "OBJECT IDENTIFIER": _object_identifier,
    "OCTET STRING": _octet_string,
    "SEQUENCE": _sequence,
    "SEQUENCE OF": _sequence_of,
    "TAGGED CHOICE": _choice,
    "UTF8String": _utf8_string,
}
