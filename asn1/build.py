"""Make from `rsp.asn` the tables of the library, and `rsp.json` for the simulator (`make schema`).

asn1tools parses the file and gives each type its tag. What the tables cannot say is refused here.
"""

import json
from pathlib import Path
from typing import Any

import asn1tools

HERE = Path(__file__).parent
SOURCE, PARSED = HERE / "rsp.asn", HERE / "rsp.json"
TABLES = HERE.parent / "src" / "lpa" / "rsp" / "codec" / "rsp_types.py"

_HEAD = '''\
"""The types of `asn1/rsp.asn` as tables, made by `make schema`: never changed by hand.

A type is a kind and what that needs: members (name, tag, whether it is optional, type), an element (tag,
type), the least and the greatest size, or the numbers by name; None if nothing. The tag -1 stands for any.
"""

# fmt: off

from __future__ import annotations

from typing import Any
'''
_NAMES = {"INTEGER": "named-numbers", "BIT STRING": "named-bits"}
_PLAIN = ("ANY", "BOOLEAN", "OBJECT IDENTIFIER", "UTF8String")
_KNOWN = {"name", "type", "tag", "optional", "members", "element", "named-numbers", "named-bits", "size"}
_WIDTH = 110

Node = dict[str, Any]  # a type as it is parsed; `codec` below is the same type as asn1tools compiled it


def parsed() -> str:
    """The text that `rsp.json` must hold."""
    return json.dumps(asn1tools.parse_files(str(SOURCE)), indent=1, sort_keys=True) + "\n"


def tables() -> str:
    """The text that `rsp_types.py` must hold."""
    types = json.loads(parsed())["Rsp"]["types"]
    compiled = asn1tools.compile_files(str(SOURCE), "der").types
    written: dict[str, str] = {}
    for name in types:
        _write(name, types, compiled, written)
    lines = [f'    "{name}": ({_tag(compiled[name].type)}, {name}),' for name in types]
    types_by_name = ["TYPES: dict[str, tuple[int, tuple[str, Any]]] = {", *lines, "}", ""]
    return "\n".join([_HEAD, *written.values(), *types_by_name])


def _write(name: str, types: dict[str, Node], compiled: Any, written: dict[str, str]) -> None:
    """Add the type `name` to `written`, and before it those that it refers to."""
    if name not in written:
        for reference in _references(types[name]):
            if reference in types:
                _write(reference, types, compiled, written)
        written[name] = f"{name} = {_type(types[name], compiled[name].type, types, '')}"


def _references(node: Node) -> list[str]:
    parts = [*node.get("members", []), *([node["element"]] if "element" in node else [])]
    return [node["type"], *(reference for part in parts for reference in _references(part))]


def _type(node: Node, codec: Any, types: dict[str, Node], indent: str) -> str:
    """The type of `node` as Python."""
    kind = node["type"]
    if set(node) - _KNOWN or ("size" in node and kind != "OCTET STRING"):
        raise NotImplementedError(f"the tables cannot say {node}")
    if kind in types:
        return _reference(node, codec, types)
    tagged = "TAGGED " if kind == "CHOICE" and codec.tag else ""
    return f'("{tagged}{kind}", {_details(node, codec, types, indent)})'


def _details(node: Node, codec: Any, types: dict[str, Node], indent: str) -> str:
    """What the kind of `node` needs."""
    kind = node["type"]
    if kind in ("SEQUENCE", "CHOICE"):
        untagged = getattr(codec, "inner", codec)
        members = untagged.members if kind == "CHOICE" else codec.root_members
        return _members(node, members, types, indent)
    if kind == "SEQUENCE OF":
        element = codec.element_type
        return f"({_tag(element)}, {_type(node['element'], element, types, indent)})"
    if kind in _NAMES:
        return _numbers(dict(node.get(_NAMES[kind]) or ()), indent)
    if kind == "OCTET STRING":
        return str(_sizes(node))
    if kind in _PLAIN:
        return "None"
    raise NotImplementedError(f"the tables have no {kind}")


def _reference(node: Node, codec: Any, types: dict[str, Node]) -> str:
    """The name of another type; a CHOICE that gets a tag here is wrapped in it."""
    other = types[node["type"]]
    if other["type"] in types:
        raise NotImplementedError(f"the tables cannot say {node}")
    if other["type"] == "CHOICE" and codec.tag is not None:
        return f'("TAGGED CHOICE", {node["type"]}[1])'
    return str(node["type"])


def _members(node: Node, codecs: Any, types: dict[str, Node], indent: str) -> str:
    inner = indent + "    "
    lines = [
        f'{inner}("{member["name"]}", {_tag(codec)}, {bool(member.get("optional"))},'
        f" {_type(member, codec, types, inner)}),\n"
        for member, codec in zip(node["members"], codecs, strict=True)
    ]
    return f"(\n{''.join(lines)}{indent})" if lines else "()"


def _tag(codec: Any) -> str:
    return f"0x{codec.tag.hex().upper()}" if codec.tag else "-1"


def _sizes(node: Node) -> tuple[int, int] | None:
    if "size" not in node:
        return None
    size, *others = node["size"]
    if others:
        raise NotImplementedError(f"the tables cannot say {node}")
    least, greatest = size if isinstance(size, list) else (size, size)
    return int(least), int(greatest)


def _numbers(numbers: dict[str, Any], indent: str) -> str:
    """Numbers by their names, as many on a line as fit."""
    lines = [""]
    for name, number in numbers.items():
        entry = f'"{name}": {int(number)},'
        if len(indent) + 4 + len(lines[-1]) + 1 + len(entry) > _WIDTH:
            lines.append("")
        lines[-1] += f" {entry}" if lines[-1] else entry
    inner = "".join(f"\n{indent}    {line}" for line in lines)
    return f"{{{inner}\n{indent}}}" if numbers else "None"


if __name__ == "__main__":
    PARSED.write_text(parsed())
    TABLES.write_text(tables())
