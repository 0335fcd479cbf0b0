"""Convert BER to the DER that asn1tools expects, guided by a `Node` of the ASN.1.

asn1tools reads well-formed DER. Real senders repeat, reorder and add members and write TRUE in many ways,
which must not matter. Some bytes that asn1tools accepts must be refused: an empty INTEGER (it would be 0,
which is "ok"), or a part that extends beyond its parent. Every step here consumes a `Tlv` that was cut out of
its parent, so nothing overlaps, nothing loops, and nothing is deeper than the ASN.1 itself.
"""

from __future__ import annotations

from lpa.errors import BadAnswer
from lpa.rsp.codec.ber import Tlv
from lpa.sim.codec.definitions import ANY, Node, members_by_tag, resolved, tag

_NEVER_EMPTY = ("BOOLEAN", "INTEGER", "BIT STRING")
_LONGEST_INTEGER = 8  # bytes: SQLite stores no longer numbers, and Python prints none of thousands of digits


def canonical(node: Node, tlv: Tlv) -> Tlv:
    """`tlv`, whose tag fits, in the form of `node`. Raises `BadAnswer` if it does not fit."""
    kind = resolved(node)["type"]
    if kind == "ANY":
        return tlv
    if kind == "SEQUENCE":
        return Tlv.build(tlv.tag, *_members(node, tlv))
    if kind == "SEQUENCE OF":
        element = resolved(node)["element"]
        return Tlv.build(tlv.tag, *(_item(element, child) for child in tlv.children))
    if kind == "CHOICE":
        return _chosen(node, tlv)
    _check_primitive(kind, tlv)
    return Tlv.build(tlv.tag, b"\xff") if kind == "BOOLEAN" and tlv.value != b"\0" else tlv


def _members(node: Node, tlv: Tlv) -> list[Tlv]:
    """The members in the order of the ASN.1; the first of repeated ones."""
    children = list(tlv.children)
    found = []
    for wanted, member in members_by_tag(node):
        child = next((child for child in children if wanted in (ANY, child.tag)), None)
        if child is not None:
            children.remove(child)
            found.append(canonical(member, child))
        elif not member.get("optional"):
            raise BadAnswer(f"The member {member['name']} is missing in {tlv.hex()[:40]}.")
    return found


def _item(element: Node, tlv: Tlv) -> Tlv:
    if tag(element) not in (ANY, tlv.tag):
        raise BadAnswer(f"An item has tag {tlv.tag:X} instead of {tag(element):X}.")
    return canonical(element, tlv)


def _chosen(node: Node, tlv: Tlv) -> Tlv:
    """A CHOICE with a tag of its own wraps the alternative; one without is the alternative."""
    bare = tag(node) == ANY
    for candidate in (tlv,) if bare else tlv.children:
        for known, member in members_by_tag(node):
            if known == candidate.tag:
                alternative = canonical(member, candidate)
                return alternative if bare else Tlv.build(tlv.tag, alternative)
    raise BadAnswer(f"There is no known alternative in {tlv.hex()[:40]}.")


def _check_primitive(kind: str, tlv: Tlv) -> None:
    content = tlv.value
    if (kind in _NEVER_EMPTY and not content) or (kind == "BOOLEAN" and len(content) != 1):
        raise BadAnswer(f"The {kind} with tag {tlv.tag:X} has {len(content)} bytes.")
    if kind == "INTEGER" and len(content) > _LONGEST_INTEGER:
        raise BadAnswer(f"The INTEGER with tag {tlv.tag:X} has {len(content)} bytes.")
    if kind == "BIT STRING" and content[0] > min(7, 8 * (len(content) - 1)):
        raise BadAnswer(f"The BIT STRING with tag {tlv.tag:X} leaves {content[0]} bits unused.")
