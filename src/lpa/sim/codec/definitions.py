"""The parsed types of `asn1/rsp.asn`: a tree of plain dicts, each a `Node`.

A node has a "type" (a builtin type's name or a reference), perhaps a "tag", and by its type "members", an
"element", "named-numbers", "named-bits" or a "size".
"""

from __future__ import annotations

import functools
import json
import pkgutil
from typing import Any, cast

Node = dict[str, Any]

ANY = -1  # stands for the tag of a type without one, which may be any; no real tag equals it

_CLASSES = {"UNIVERSAL": 0x00, "APPLICATION": 0x40, "CONTEXT": 0x80, "PRIVATE": 0xC0}
_UNIVERSAL = {
    "BOOLEAN": 0x01,
    "INTEGER": 0x02,
    "BIT STRING": 0x03,
    "OCTET STRING": 0x04,
    "OBJECT IDENTIFIER": 0x06,
    "UTF8String": 0x0C,
    "SEQUENCE": 0x30,
    "SEQUENCE OF": 0x30,
}
_CONSTRUCTED = ("SEQUENCE", "SEQUENCE OF", "CHOICE")

# The members of the nodes asked for so far, by the node's id: the tree that `types` keeps is never freed.
_by_tag: dict[int, list[tuple[int, Node]]] = {}


def parsed() -> dict[str, Any]:
    """A new copy of the parsed module, for asn1tools, which modifies what it compiles."""
    text = cast("bytes", pkgutil.get_data("lpa.asn1", "rsp.json"))
    return cast("dict[str, Any]", json.loads(text, object_hook=_with_ranges))


@functools.cache
def types() -> dict[str, Node]:
    """Every type by its name."""
    return cast("dict[str, Node]", parsed()["Rsp"]["types"])


def resolved(node: Node) -> Node:
    """The node that defines `node`, with all references followed."""
    while node["type"] in types():
        node = types()[node["type"]]
    return node


def members(node: Node) -> list[Node]:
    """The members of a SEQUENCE or CHOICE, in order; empty for other types."""
    return cast("list[Node]", resolved(node).get("members", []))


def members_by_tag(node: Node) -> list[tuple[int, Node]]:
    """`members`, each with its tag."""
    if id(node) not in _by_tag:
        _by_tag[id(node)] = [(tag(member), member) for member in members(node)]
    return _by_tag[id(node)]


def named_numbers(node: Node) -> dict[str, int]:
    """The numbers of an INTEGER that have names; empty for other types."""
    return resolved(node).get("named-numbers") or {}


def tag(node: Node) -> int:
    """The tag as written in the specification: 0xBF2D; `ANY` for an ANY, or a CHOICE without its own."""
    while "tag" not in node and node["type"] in types():
        node = types()[node["type"]]
    if "tag" not in node:
        return _UNIVERSAL.get(node["type"], ANY)
    first = _CLASSES[node["tag"].get("class", "CONTEXT")]
    if resolved(node)["type"] in _CONSTRUCTED:
        first |= 0x20
    number = node["tag"]["number"]
    if number < 31:
        return int(first | number)
    high, low = divmod(number, 0x80)
    return int.from_bytes([first | 0x1F, *([0x80 | high] if high else []), low], "big")


def _with_ranges(node: Node) -> Node:
    """The node with its ranges of sizes (5..16) as the tuples that asn1tools expects; JSON has lists."""
    if "size" in node:
        node["size"] = [tuple(size) if isinstance(size, list) else size for size in node["size"]]
    return node
