"""The branches of the schemas: each member, each null, each alternative, each word of our own.

A branch has a name, such as `delivery.receipt null`: where it is in the shared definitions, or in the
document of a command. A member that several objects have with the same schema is one branch. `met` says which
ones a document has.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.support.json_schemas.language import FROM_OUTSIDE
from tests.support.json_schemas.validation import closed, command_of, validator, whole

_DEFINITION = "#/$defs/"
_places: dict[tuple[str, str], str] = {}  # of each member with its schema, where it was first seen


def every(name: str) -> set[str]:
    """All branches of the document of a command."""
    root = closed(whole(name))
    found: set[str] = set()
    for shared, definition in root["$defs"].items():
        _collect(definition, shared, root["$defs"], found)
    _collect(root, f"({name})", root["$defs"], found)
    return found


def met(document: dict[str, Any]) -> set[str]:
    """Those that a document has."""
    name = command_of(document)
    root = validator(name).schema
    return set(_Walk(name, root["$defs"]).of(root, document, f"({name})"))


def _collect(schema: dict[str, Any], at: str, definitions: dict[str, Any], found: set[str]) -> None:
    if where := schema.get("$ref"):
        at = where.removeprefix(_DEFINITION)
        if at not in found:
            found.add(at)
            _collect(definitions[at], at, definitions, found)
    for place, _, below in _members(schema, at):
        found.add(place)
        _collect(below, place, definitions, found)
    if "items" in schema:
        found.add(f"{at}[]")
        _collect(schema["items"], f"{at}[]", definitions, found)
    for branch, below in _alternatives(schema, at):
        found.add(branch)
        _collect(below, branch.removesuffix(" null"), definitions, found)


def _members(schema: dict[str, Any], at: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The name of the branch of each member, the member, and its schema."""
    for member, below in schema.get("properties", {}).items():
        same = (member, json.dumps(below))
        yield _places.setdefault(same, f"{at}.{member}"), member, below


def _alternatives(schema: dict[str, Any], at: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each alternative with the name of its branch. Those of the whole document, by success, have none."""
    if isinstance(schema.get("type"), list):
        yield f"{at} null", {"type": "null"}
        yield f"{at} value", {"type": schema["type"][0]}
    alternatives = schema.get("anyOf", ())
    outside = any(one.get("description") == FROM_OUTSIDE for one in alternatives)
    for number, one in enumerate(alternatives):
        if one.get("type") == "null":
            yield f"{at} null", {}
        elif "enum" in one and not outside:
            yield from ((f"{at}={value}", {"const": value}) for value in one["enum"])
        elif not outside:
            yield f"{at}|{number}", one


class _Walk:
    """A walk through a document and its schema at once."""

    def __init__(self, name: str, definitions: dict[str, Any]) -> None:
        self._validator = validator(name)
        self._definitions = definitions

    def of(self, schema: dict[str, Any], value: Any, at: str) -> Iterator[str]:
        if where := schema.get("$ref"):
            at = where.removeprefix(_DEFINITION)
            yield at
            yield from self.of(self._definitions[at], value, at)
        if isinstance(value, dict):
            for place, member, below in _members(schema, at):
                if member in value:
                    yield place
                    yield from self.of(below, value[member], place)
        if isinstance(value, list) and "items" in schema:
            for one in value:
                yield f"{at}[]"
                yield from self.of(schema["items"], one, f"{at}[]")
        for branch, below in _alternatives(schema, at):
            if below and self._validator.evolve(schema=below).is_valid(value):
                yield branch
                yield from self.of(below, value, branch)
            elif not below and value is None:
                yield branch
