"""The messages of `asn1/rsp.asn`: encode them, decode them, and name what an answer refuses.

Values are the plain Python values of asn1tools: a dict for a SEQUENCE, a list for a SEQUENCE OF, a pair
(name, value) for a CHOICE, a pair (bytes, number of bits) for a BIT STRING; int, bool, str; bytes for an
OCTET STRING and, header included, for an ANY.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from threading import Lock
from typing import Any

from lpa.errors import BadAnswer
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.codec.canonical import canonical
from lpa.rsp.codec.definitions import (
    ANY,
    Node,
    members,
    members_by_tag,
    named_numbers,
    parsed,
    resolved,
    tag,
    types,
)
from lpa.rsp.codec.der import Codec

_loading = Lock()


@functools.cache
def _loaded() -> Codec:
    return Codec(parsed())


def _codec() -> Codec:
    with _loading:  # One thread loads it: the others would meet half of a library.
        return _loaded()


def encode(name: str, value: Any) -> Tlv:
    """The DER of `value` as the type `name`. Raises ValueError if it does not fit: the caller's mistake."""
    try:
        return Tlv(_codec().encode(name, value))
    except Exception as error:
        raise ValueError(f"{name}: {error!r}") from error


def decode(name: str, data: bytes) -> Any:
    """The value of `data`, all of it, as the type `name`. Raises `BadAnswer` if it does not fit.

    Lenient where real cards are: TRUE may be any byte but 00, lengths and BIT STRINGs may be longer than
    needed, members may come in any order, and unknown ones are ignored.
    """
    coded = canonical(types()[name], whole(name, data))
    try:
        return _codec().decode(name, bytes(coded))
    except Exception as error:
        raise BadAnswer(f"This is not a valid {name}: {error}.") from error


def decode_open(name: str, data: bytes) -> tuple[dict[str, Any], tuple[Tlv, ...]]:
    """The value of `data` as the SEQUENCE `name`, and the members that could not be decoded, as they came.

    For objects that later versions and cards extend. As `decode`, but unknown, repeated, unreadable and
    wrongly sized optional members are set aside, and text that is not UTF-8 is decoded with replacement
    characters. Raises `BadAnswer` if a mandatory member is missing or unreadable.
    """
    outer = whole(name, data)
    known: dict[int, Tlv] = {}
    unknown = []
    by_tag = dict(members_by_tag(types()[name]))
    for child in outer.children:
        if child.tag in by_tag and child.tag not in known:
            known[child.tag] = _repaired(by_tag[child.tag], child)
        else:
            unknown.append(child)
    try:
        return decode(name, Tlv.build(outer.tag, *known.values())), tuple(unknown)
    except BadAnswer:
        return _one_by_one(name, outer.tag, known, unknown)


def _one_by_one(
    name: str, outer: int, known: dict[int, Tlv], unknown: list[Tlv]
) -> tuple[dict[str, Any], tuple[Tlv, ...]]:
    """As `decode_open`, for an object with an unreadable member, which is set aside if it is optional."""
    optional = {number for number, member in members_by_tag(types()[name]) if member.get("optional")}
    mandatory = [part for number, part in known.items() if number not in optional]
    value = decode(name, Tlv.build(outer, *mandatory))
    for number, part in known.items():
        try:
            value |= decode(name, Tlv.build(outer, *mandatory, part)) if number in optional else {}
        except BadAnswer:
            unknown.append(part)
    return value, tuple(unknown)


def whole(name: str, data: bytes) -> Tlv:
    """The one TLV in `data`, undecoded. Raises `BadAnswer` if it does not have the tag of the type `name`."""
    tlv = Tlv.whole(data)
    if tag_of(name) not in (tlv.tag, ANY):
        raise BadAnswer(f"This is not a {name}: {tlv.hex()[:40]}.")
    return tlv


def alternative(name: str, data: bytes) -> tuple[str, Tlv]:
    """The alternative of the CHOICE `name` in the answer `data`, and its undecoded TLV.

    So a list can be read item by item, and an unreadable item does not hide the others.
    """
    outer = whole(name, data)
    names = {tag(member): member["name"] for member in members(types()[name])}
    for child in outer.children:
        if child.tag in names:
            return names[child.tag], child
    raise BadAnswer(f"This {name} contains nothing that the specification defines: {outer.hex()[:40]}.")


def tag_of(name: str) -> int:
    """The tag of the type `name`, as written in the specification: 0xBF2D."""
    return tag(types()[name])


def member_tag(name: str, member: str) -> int:
    """The tag of a member of the SEQUENCE or CHOICE `name`."""
    return next(number for number, node in members_by_tag(types()[name]) if node["name"] == member)


def member_names(name: str) -> tuple[str, ...]:
    """The members of the SEQUENCE or CHOICE `name`, in their order."""
    return tuple(node["name"] for node in members(types()[name]))


def tag_list(name: str, *names: str) -> bytes:
    """A TagList: the tags of some members of the SEQUENCE `name`, one after the other."""
    tags = [member_tag(name, member) for member in names]
    return b"".join(number.to_bytes((number.bit_length() + 7) // 8, "big") for number in tags)


@functools.cache
def functions() -> dict[int, str]:
    """Every ES10 function by the tag of its request: {0xBF33: "DeleteProfile", ...}."""
    return {tag_of(name): name.removesuffix("Request") for name in types() if name.endswith("Request")}


def named(name: str, number: int) -> str:
    """The identifier that the INTEGER type `name` gives `number`, or the number itself as text."""
    return _identifier(types()[name], number)


def bits(name: str, value: tuple[bytes, int]) -> tuple[str, ...]:
    """The identifiers of the bits set in a BIT STRING of type `name`; "bit 33" where it names none."""
    names = {int(number): text for text, number in types()[name]["named-bits"]}
    content, width = value
    numbers = (i for i in range(min(width, 8 * len(content))) if content[i // 8] & 0x80 >> i % 8)
    return tuple(names.get(i, f"bit {i}") for i in numbers)


def from_bits(name: str, identifiers: Iterable[str]) -> tuple[bytes, int]:
    """The BIT STRING of type `name` with the bits set that `identifiers` name, no longer than needed."""
    names = {text: int(number) for text, number in types()[name]["named-bits"]}
    wanted = {names[identifier] for identifier in identifiers}
    width = max(wanted, default=-1) + 1
    number = sum(1 << (width - 1 - i) for i in wanted)
    octets = (width + 7) // 8
    return (number << (8 * octets - width)).to_bytes(octets, "big"), width


def refusal(name: str, value: Any) -> tuple[str, int] | None:
    """The refusal in the answer `value` of type `name`, as (identifier, number); None if there is none."""
    return _refusal(types()[name], value, under_error=False)


def outcomes(name: str) -> dict[str, int]:
    """The outcomes that the answer type `name` defines, by identifier: {"ok": 0, "catBusy": 5, ...}."""
    return dict(_outcomes(types()[name], under_error=False))


def code(name: str, identifier: str) -> int:
    """The number of `identifier` in the type `name`: the inverse of `named` and `refusal`."""
    numbers = named_numbers(types()[name]) or outcomes(name)
    if identifier not in numbers:
        raise KeyError(f"{name} has no {identifier}")
    return numbers[identifier]


def _repaired(node: Node, tlv: Tlv) -> Tlv:
    """The same member, with invalid UTF-8 replaced if it is a text: a bad name must not hide a profile."""
    if resolved(node)["type"] != "UTF8String":
        return tlv
    return Tlv.build(tlv.tag, tlv.value.decode(errors="replace").encode())


def _refusal(node: Node, value: Any, *, under_error: bool) -> tuple[str, int] | None:
    if isinstance(value, int) and not isinstance(value, bool):
        numbers = _outcome_numbers(node, under_error=under_error)
        if not numbers or value == numbers.get("ok"):
            return None
        return _identifier(node, value), value
    if isinstance(value, tuple) and isinstance(value[0], str):
        pairs = [value]
    else:
        pairs = list(value.items()) if isinstance(value, dict) else []
    by_name = {member["name"]: member for member in members(node)}
    for name, inner in pairs:
        found = _refusal(by_name[name], inner, under_error=under_error or "error" in name.lower())
        if found:
            return found
    return None


def _outcomes(node: Node, *, under_error: bool) -> Iterable[tuple[str, int]]:
    yield from _outcome_numbers(node, under_error=under_error).items()
    for member in members(node):
        yield from _outcomes(member, under_error=under_error or "error" in member["name"].lower())


def _outcome_numbers(node: Node, *, under_error: bool) -> dict[str, int]:
    numbers = named_numbers(node)
    return numbers if under_error or "ok" in numbers else {}


def _identifier(node: Node, number: int) -> str:
    return next((text for text, known in named_numbers(node).items() if known == number), str(number))
