"""The DER codec of asn1tools for the messages of `asn1/rsp.asn`. The only import of asn1tools.

Values are as in `lpa.rsp.codec.schema`.
"""

from __future__ import annotations

import functools
from typing import Any

from lpa.errors import BadAnswer
from lpa.rsp.codec.ber import Tlv
from lpa.sim.codec.canonical import canonical
from lpa.sim.codec.definitions import ANY, Node, members_by_tag, parsed, resolved, tag, types


def encode(name: str, value: Any) -> Tlv:
    """The DER of `value` as the type `name`. Raises ValueError if it does not fit."""
    try:
        return Tlv(_codec().encode(name, value, check_types=True, check_constraints=True))
    except Exception as error:
        raise ValueError(f"{name}: {error!r}") from error


def decode(name: str, data: bytes) -> Any:
    """The value of `data`, all of it, as the type `name`. Raises `BadAnswer` if it does not fit."""
    coded = canonical(types()[name], _whole(name, data))
    try:
        return _codec().decode(name, bytes(coded), check_constraints=True)
    except Exception as error:
        raise BadAnswer(f"This is not a valid {name}: {error}.") from error


def decode_open(name: str, data: bytes) -> tuple[dict[str, Any], tuple[Tlv, ...]]:
    """The value of `data` as the SEQUENCE `name`, and the members that could not be decoded, as they came."""
    outer = _whole(name, data)
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


def _repaired(node: Node, tlv: Tlv) -> Tlv:
    """The same member, with invalid UTF-8 replaced if it is a text."""
    if resolved(node)["type"] != "UTF8String":
        return tlv
    return Tlv.build(tlv.tag, tlv.value.decode(errors="replace").encode())


def _whole(name: str, data: bytes) -> Tlv:
    """The one TLV in `data`. Raises `BadAnswer` if it does not have the tag of the type `name`."""
    tlv = Tlv.whole(data)
    if tag(types()[name]) not in (ANY, tlv.tag):
        raise BadAnswer(f"This is not a {name}: {tlv.hex()[:40]}.")
    return tlv


@functools.cache
def _codec() -> Any:
    """The compiled types. asn1tools takes a tenth of a second to import, so only who uses it waits for it."""
    import asn1tools

    return asn1tools.compile_dict(parsed(), "der")
