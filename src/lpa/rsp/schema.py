"""The ASN.1 of `asn1/rsp.asn`: encode, decode whole, and name what an answer refuses.

The only place that knows asn1tools. Values are asn1tools' plain Python values: a dict for a SEQUENCE, a pair
(name, value) for a CHOICE, a pair (bytes, number of bits) for a BIT STRING, bytes, int, str, list, bool.
"""

from __future__ import annotations

import functools
import json
import pkgutil
from collections.abc import Iterable
from typing import Any, cast

import asn1tools

from lpa.errors import BadAnswer
from lpa.rsp.ber import Tlv

_CLASSES = {"UNIVERSAL": 0x00, "APPLICATION": 0x40, "CONTEXT": 0x80, "PRIVATE": 0xC0}
_UNIVERSAL = {
    "BOOLEAN": 0x01,
    "INTEGER": 0x02,
    "BIT STRING": 0x03,
    "OCTET STRING": 0x04,
    "UTF8String": 0x0C,
    "SEQUENCE": 0x30,
    "SEQUENCE OF": 0x30,
}
_CONSTRUCTED = ("SEQUENCE", "SEQUENCE OF", "CHOICE")
# Hostile bytes trip more than asn1tools itself: text that is no UTF-8, nesting without end.
_DECODE_ERRORS = (asn1tools.DecodeError, ValueError, IndexError, RecursionError)


@functools.cache
def _types() -> dict[str, Any]:
    text = pkgutil.get_data("lpa.asn1", "rsp.json")
    assert text is not None
    return cast("dict[str, Any]", json.loads(text)["Rsp"]["types"])


@functools.cache
def _codec() -> Any:
    text = pkgutil.get_data("lpa.asn1", "rsp.json")
    assert text is not None
    return asn1tools.compile_dict(json.loads(text), "der")


def encode(name: str, value: Any) -> Tlv:
    """The DER of `value` as the type `name`. Raises ValueError if it does not fit: our own mistake."""
    try:
        return Tlv(_codec().encode(name, value, check_constraints=True))
    except asn1tools.Error as error:
        raise ValueError(f"{name}: {error}") from error


def decode(name: str, data: bytes) -> Any:
    """The value of `data`, all of it, as the type `name`. Raises `BadAnswer` if it does not fit."""
    Tlv.whole(data)
    try:
        return _codec().decode(name, bytes(data))
    except _DECODE_ERRORS as error:
        raise BadAnswer(f"this is no {name}: {error}") from error


def decode_open(name: str, data: bytes) -> tuple[dict[str, Any], tuple[Tlv, ...]]:
    """The value of `data` as the SEQUENCE `name`, and the members that the type does not know.

    For objects that later versions extend and cards fill with more: an unknown or repeated member is set
    aside wherever it stands, and members may come in any order. Raises `BadAnswer` if the rest does not fit.
    """
    known: dict[int, Tlv] = {}
    unknown = []
    whole = Tlv.whole(data)
    order = {_tag(member): position for position, member in enumerate(_types()[name]["members"])}
    for child in whole.children:
        if child.tag in order and child.tag not in known:
            known[child.tag] = child
        else:
            unknown.append(child)
    members = sorted(known.values(), key=lambda child: order[child.tag])
    return decode(name, Tlv.build(whole.tag, *members)), tuple(unknown)


def alternative(name: str, data: bytes) -> tuple[str, Tlv]:
    """Which alternative of the CHOICE `name` the answer `data` takes, with its TLV left undecoded.

    So a list can be walked item by item, and one strange item does not hide the others.
    """
    outer = Tlv.whole(data)
    children = outer.children
    if outer.tag != tag_of(name) or len(children) != 1:
        raise BadAnswer(f"this is no {name}: {outer.hex()[:40]}")
    for member in _types()[name]["members"]:
        if _tag(member) == children[0].tag:
            return member["name"], children[0]
    raise BadAnswer(f"{name} has no alternative with tag {children[0].tag:X}")


def tag_of(name: str) -> int:
    """The tag of the type `name`, as written in the specification: 0xBF2D."""
    return _tag(_types()[name])


@functools.cache
def functions() -> dict[int, str]:
    """Every ES10 function by the tag of its request: {0xBF33: "DeleteProfile", ...}."""
    return {tag_of(name): name.removesuffix("Request") for name in _types() if name.endswith("Request")}


def named(name: str, number: int) -> str:
    """The identifier that the INTEGER type `name` gives `number`, or the number itself as text."""
    return _identifier(_types()[name], number)


def bits(name: str, value: tuple[bytes, int]) -> tuple[str, ...]:
    """The identifiers of the bits set in a BIT STRING of type `name`; "bit 33" where it names none."""
    names = {int(number): text for text, number in _types()[name]["named-bits"]}
    content, _ = value
    numbers = (i for i in range(8 * len(content)) if content[i // 8] & 0x80 >> i % 8)
    return tuple(names.get(i, f"bit {i}") for i in numbers)


def from_bits(name: str, identifiers: Iterable[str]) -> tuple[bytes, int]:
    """The BIT STRING of type `name` with the bits set that `identifiers` name, no longer than needed."""
    names = {text: int(number) for text, number in _types()[name]["named-bits"]}
    wanted = [names[identifier] for identifier in identifiers]
    width = max(wanted, default=-1) + 1
    number = sum(1 << (width - 1 - i) for i in wanted)
    octets = (width + 7) // 8
    return (number << (8 * octets - width)).to_bytes(octets, "big"), width


def refusal(name: str, value: Any) -> tuple[str, int] | None:
    """What the answer `value` of type `name` refuses, as (identifier, number); None if it does not."""
    return _refusal(_types()[name], value, under_error=False)


def code(name: str, identifier: str) -> int:
    """The number that an outcome `identifier` has in the answer type `name`: the way back from `refusal`."""
    for numbers in _outcome_numbers(_types()[name]):
        if identifier in numbers:
            return numbers[identifier]
    raise KeyError(f"{name} knows no outcome {identifier}")


def _refusal(node: dict[str, Any], value: Any, *, under_error: bool) -> tuple[str, int] | None:
    if isinstance(value, int) and not isinstance(value, bool):
        numbers = _named_numbers(node)
        if not (numbers and (under_error or "ok" in numbers)) or value == numbers.get("ok"):
            return None
        return _identifier(node, value), value
    if isinstance(value, tuple) and isinstance(value[0], str):
        pairs = [value]
    else:
        pairs = list(value.items()) if isinstance(value, dict) else []
    members = {member["name"]: member for member in _resolved(node).get("members", ())}
    for name, inner in pairs:
        found = _refusal(members[name], inner, under_error=under_error or "error" in name.lower())
        if found:
            return found
    return None


def _outcome_numbers(node: dict[str, Any]) -> Iterable[dict[str, int]]:
    if numbers := _named_numbers(node):
        yield numbers
    for member in _resolved(node).get("members", ()):
        yield from _outcome_numbers(member)


def _identifier(node: dict[str, Any], number: int) -> str:
    return next((text for text, known in _named_numbers(node).items() if known == number), str(number))


def _named_numbers(node: dict[str, Any]) -> dict[str, int]:
    return _resolved(node).get("named-numbers") or {}


def _resolved(node: dict[str, Any]) -> dict[str, Any]:
    while node["type"] in _types():
        node = _types()[node["type"]]
    return node


def _tag(node: dict[str, Any]) -> int:
    while "tag" not in node and node["type"] in _types():
        node = _types()[node["type"]]
    if "tag" not in node:
        return _UNIVERSAL[node["type"]]
    first = _CLASSES[node["tag"].get("class", "CONTEXT")]
    if _resolved(node)["type"] in _CONSTRUCTED:
        first |= 0x20
    number = node["tag"]["number"]
    if number < 31:
        return int(first | number)
    high, low = divmod(number, 0x80)
    return int.from_bytes([first | 0x1F, *([0x80 | high] if high else []), low], "big")
