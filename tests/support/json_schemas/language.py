"""The parts that schemas are made of. Each has a meaning, a sentence for a person who writes a program."""

from __future__ import annotations

import types
import typing
from dataclasses import fields
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from lpa.errors import LpaError
from lpa.notifications.receipts import Receipt
from lpa.rsp.names import Aid, Eid, Iccid, ServerAddress
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.rsp.records import Identifier

Schema = dict[str, Any]
Members = dict[str, Schema]

SHARED = "common.json#/$defs/"  # where the other schemas find what several have
# What stands beside the known values of an enumeration.
GROWING = "Later versions may add values."
FROM_OUTSIDE = (
    "What a card or server reports and the specification does not name: a number or a bit, as text."
)

_PLAIN: dict[object, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
    Path: {"type": "string"},
    Iccid: {"type": "string", "pattern": "^[0-9A-F]{0,20}$"},  # digits A to F are of cards that follow nobody
    Eid: {"type": "string", "pattern": "^[0-9A-F]{32}$"},
    ServerAddress: {"type": "string"},
    Receipt: {"$ref": f"{SHARED}receipt"},
    LpaError: {"$ref": f"{SHARED}error"},
}
_HEXADECIMAL: Schema = {"type": "string", "pattern": "^([0-9a-f]{2})*$"}

_shared: dict[type, str] = {}  # the names of the definitions of dataclasses


def typed(hint: object, meaning: str = "") -> Schema:
    """The schema of a value of a type, as `lpa.cli.json_output` prints it."""
    return _of(hint) | ({"description": meaning} if meaning else {})


def text(meaning: str) -> Schema:
    """A text."""
    return typed(str, meaning)


def number(meaning: str) -> Schema:
    """A whole number."""
    return typed(int, meaning)


def flag(meaning: str) -> Schema:
    """A truth value."""
    return typed(bool, meaning)


def time(meaning: str) -> Schema:
    """A time."""
    return typed(datetime, meaning)


def known(meaning: str, *values: str) -> Schema:
    """One of our own words, to which later versions may add some."""
    return _open(values, GROWING) | {"description": meaning}


def reported(meaning: str, *values: str) -> Schema:
    """One of the specification's words, or what a card reports instead."""
    return _open(values, FROM_OUTSIDE) | {"description": meaning}


def many(item: Schema, meaning: str) -> Schema:
    """A list."""
    return {"type": "array", "items": item, "description": meaning}


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    bare = {name: value for name, value in schema.items() if name != "description"}
    meaning = {name: value for name, value in schema.items() if name == "description"}
    if isinstance(bare.get("type"), str):
        return {**bare, "type": [bare["type"], "null"], **meaning}
    return {"anyOf": [*bare.pop("anyOf", ()), *([bare] if bare else []), {"type": "null"}], **meaning}


def shared(name: str, meaning: str = "") -> Schema:
    """What stands under that name in the file of shared definitions."""
    return {"$ref": SHARED + name} | ({"description": meaning} if meaning else {})


def record(meaning: str, members: Members, optional: Members | None = None) -> Schema:
    """An object. `optional`: the members that may be missing."""
    return {
        "type": "object",
        "description": meaning,
        "properties": members | (optional or {}),
        "required": [*members],
    }


def of(
    kind: type, name: str, meaning: str, optional: tuple[str, ...] = (), /, **members: str | Schema
) -> Schema:
    """The object that a dataclass becomes, to be shared under `name`.

    `members`: for each field its meaning, in which case its type is the field's, or its schema; further ones
    are those that are printed beside the fields. `optional`: those that may be missing.
    """
    unexplained = {one.name for one in fields(kind)} - members.keys()
    assert not unexplained, f"{kind.__name__}: say what {', '.join(sorted(unexplained))} means"
    _shared[kind] = name
    hints = typing.get_type_hints(kind)
    made = {
        member: typed(hints[member], meant) if isinstance(meant, str) else meant
        for member, meant in members.items()
    }
    always = {member: schema for member, schema in made.items() if member not in optional}
    return record(meaning, always, {member: _not_null(made[member]) for member in optional})


def _not_null(schema: Schema) -> Schema:
    """Without null: the member is left out instead."""
    if isinstance(kinds := schema.get("type"), list):
        return schema | {"type": kinds[0]}
    rest = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if len(rest) != 1:
        return schema
    meaning = {name: schema[name] for name in ("description",) if name in schema}
    return {**rest[0], **meaning}


def _open(values: tuple[str, ...], others: str) -> Schema:
    return {"anyOf": [{"enum": [*values]}, {"type": "string", "description": others}]}


def _of(hint: object) -> Schema:
    if get_origin(hint) in (types.UnionType, typing.Union):
        return _union(get_args(hint))
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _of(get_args(hint)[0])}
    if get_origin(hint) is Literal:
        return _open(get_args(hint), GROWING)
    if isinstance(hint, type) and hint not in _PLAIN:
        return _of_class(hint)
    return dict(_PLAIN[hint])


def _of_class(kind: type) -> Schema:
    if kind in _shared:
        return shared(_shared[kind])
    if issubclass(kind, Identifier):
        return _open(tuple(_values(kind)), FROM_OUTSIDE)
    if issubclass(kind, bytes | Aid | KeyIdentifier):
        return dict(_HEXADECIMAL)
    raise TypeError(f"say how {kind.__name__} is printed: give its schema before the one that has it")


def _union(kinds: tuple[object, ...]) -> Schema:
    rest = [kind for kind in kinds if kind is not type(None)]
    enums = [kind for kind in rest if isinstance(kind, type) and issubclass(kind, Identifier)]
    schema = _of(enums[0] if enums else rest[0])
    return nullable(schema) if len(rest) < len(kinds) else schema


def _values(kind: type[Enum]) -> list[str]:
    return [str(one.value) for one in kind]
