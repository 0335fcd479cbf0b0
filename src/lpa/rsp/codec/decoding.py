"""Decode a card's BER, guided by a `Node` of the tables in `rsp_types.py`.

Real cards repeat, reorder and add members and write TRUE in many ways, which does not matter: of repeated
members the first counts, and unknown ones are ignored. What would change a meaning is refused: an empty
INTEGER (it would be 0, which is "ok"), or a part that extends beyond its parent. Every step consumes a part
that was cut out of its parent: nothing overlaps, nothing loops, and nothing is deeper than the ASN.1 itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lpa.errors import BadAnswer
from lpa.rsp.codec.ber import split

Node = tuple[str, Any]  # a kind, and what it needs: the members, the element, the sizes, the names
Member = tuple[str, int, bool, Node]  # name, tag, whether it is optional, type
Part = tuple[int, bytes, bytes]  # a TLV: its tag, its value, all its bytes

ANY = -1  # stands for the tag of a type without one, which may be any; no real tag equals it

_LONGEST_INTEGER = 8  # bytes: SQLite stores no longer numbers, and Python prints none of thousands of digits


def decoded(node: Node, part: Part) -> Any:
    """The Python value of `part`, whose tag fits. Raises `BadAnswer` if the rest does not fit `node`."""
    kind, details = node
    return _DECODERS[kind](details, part)


def _sequence(members: Iterable[Member], part: Part) -> dict[str, Any]:
    """The members in the order of the ASN.1."""
    children = split(part[1])
    values = {}
    for name, tag, optional, node in members:
        for place, child in enumerate(children):
            if tag in (child[0], ANY):
                values[name] = decoded(node, children.pop(place))
                break
        else:
            if not optional:
                raise BadAnswer(f"The member {name} is missing in {part[2][:20].hex()}.")
    return values


def _sequence_of(element: tuple[int, Node], part: Part) -> list[Any]:
    tag, node = element
    children = split(part[1])
    for child in children:
        if tag not in (ANY, child[0]):
            raise BadAnswer(f"An item has tag {child[0]:X} instead of {tag:X}.")
    return [decoded(node, child) for child in children]


def _choice(alternatives: Iterable[Member], part: Part) -> tuple[str, Any]:
    """A CHOICE without a tag of its own is the alternative."""
    return _chosen(alternatives, [part], part)


def _tagged_choice(alternatives: Iterable[Member], part: Part) -> tuple[str, Any]:
    """A CHOICE with a tag of its own wraps the alternative: the first known one."""
    return _chosen(alternatives, split(part[1]), part)


def _chosen(alternatives: Iterable[Member], candidates: list[Part], part: Part) -> tuple[str, Any]:
    for candidate in candidates:
        for name, tag, _, node in alternatives:
            if tag == candidate[0]:
                return name, decoded(node, candidate)
    raise BadAnswer(f"There is no known alternative in {part[2][:20].hex()}.")


def _any(_: None, part: Part) -> bytes:
    return bytes(part[2])


def _boolean(_: None, part: Part) -> bool:
    tag, content, _all = part
    if len(content) != 1:
        raise BadAnswer(f"The BOOLEAN with tag {tag:X} has {len(content)} bytes.")
    return content != b"\0"


def _integer(_: object, part: Part) -> int:
    tag, content, _all = part
    if not 1 <= len(content) <= _LONGEST_INTEGER:
        raise BadAnswer(f"The INTEGER with tag {tag:X} has {len(content)} bytes.")
    return int.from_bytes(content, "big", signed=True)


def _bit_string(_: object, part: Part) -> tuple[bytes, int]:
    tag, content, _all = part
    if not content:
        raise BadAnswer(f"The BIT STRING with tag {tag:X} is empty.")
    bits = 8 * (len(content) - 1)
    if content[0] > min(7, bits):
        raise BadAnswer(f"The BIT STRING with tag {tag:X} leaves {content[0]} bits unused.")
    return content[1:], bits - content[0]


def _octet_string(sizes: tuple[int, int] | None, part: Part) -> bytes:
    tag, content, _all = part
    if sizes and not sizes[0] <= len(content) <= sizes[1]:
        raise BadAnswer(f"The OCTET STRING with tag {tag:X} has {len(content)} bytes.")
    return content


def _utf8_string(_: None, part: Part) -> str:
    tag, content, _all = part
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise BadAnswer(f"The text with tag {tag:X} is not UTF-8.") from error


def _object_identifier(_: None, part: Part) -> str:
    """Text that is not to be relied on: it separates the first two numbers too simply."""
    numbers, number = [], 0
    for byte in part[1]:
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            numbers.append(number)
            number = 0
    if number:
        numbers.append(number)
    first = numbers[:1] and divmod(numbers[0], 40)
    try:
        return ".".join(str(number) for number in (*first, *numbers[1:]))
    except ValueError as error:  # Python prints no number of thousands of digits
        raise BadAnswer(f"The OBJECT IDENTIFIER with tag {part[0]:X} is too long.") from error


_DECODERS: dict[str, Callable[[Any, Part], Any]] = {
    "ANY": _any,
    "BIT STRING": _bit_string,
    "BOOLEAN": _boolean,
    "CHOICE": _choice,
    "INTEGER": _integer,
    "OBJECT IDENTIFIER": _object_identifier,
    "OCTET STRING": _octet_string,
    "SEQUENCE": _sequence,
    "SEQUENCE OF": _sequence_of,
    "TAGGED CHOICE": _tagged_choice,
    "UTF8String": _utf8_string,
}
