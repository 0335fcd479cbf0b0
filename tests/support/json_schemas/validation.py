"""Check each document that a test or a page of the documentation produces.

Stricter than a reader should: a member that the schema does not name is a fault, and so is a word of our own
that it does not list. `LPA_DOCUMENTS=FOLDER` also keeps the documents, for `corpus`.
"""

from __future__ import annotations

import functools
import json
import os
from pathlib import Path
from typing import Any

import jsonschema

from lpa.cli.commands import schema
from tests.support.json_schemas.language import GROWING

_BEGIN = '{\n  "command": '
_NO_COMMAND = "not_understood"  # the definition of the document without one


def check_printed(printed: str) -> None:
    """Check what a command wrote to stdout, if that is a document."""
    if printed.startswith(_BEGIN):
        check(json.loads(printed))


def check(document: dict[str, Any]) -> None:
    """Raise AssertionError if a document does not follow the schema of its command.

    The documents of commands that only a test has are not checked.
    """
    name = command_of(document)
    if not name and "result" in document:
        return
    if not (found := validator(name)).is_valid(document):
        error = jsonschema.exceptions.best_match(found.iter_errors(document))
        raise AssertionError(f"{name} --json: {_said(error)}")
    if folder := os.environ.get("LPA_DOCUMENTS"):
        with Path(folder, f"{os.getpid()}.jsonl").open("a") as file:
            file.write(json.dumps(document) + "\n")


def _said(error: jsonschema.ValidationError) -> str:
    """What is wrong, and where; of several alternatives, why each does not fit."""
    within = (f"\n  {one.json_path}: {one.message}" for one in error.context or ())
    return f"{error.json_path}: {error.message}{''.join(within)}"


def command_of(document: dict[str, Any]) -> str:
    """The command of a document; empty if it has no schema of its own."""
    name = str(document["command"])
    return name if name in _commands() else ""


@functools.cache
def validator(name: str) -> jsonschema.Draft202012Validator:
    """The validator of a command, closed; for the empty name that of a document without a command."""
    return jsonschema.Draft202012Validator(closed(whole(name)))


def whole(name: str) -> dict[str, Any]:
    """The schema of a command as it is printed; for the empty name that of a document without a command."""
    return schema.schema_of(name) if name else schema.definition(_NO_COMMAND)


def closed(value: Any) -> Any:
    """The same schema without what is left open for later versions."""
    if isinstance(value, list):
        return [closed(one) for one in value]
    if not isinstance(value, dict):
        return value
    made = {name: closed(one) for name, one in value.items()}
    if isinstance(alternatives := made.get("anyOf"), list):
        made["anyOf"] = [one for one in alternatives if one.get("description") != GROWING]
    if made.get("type") == "object" and "properties" in made:
        made["additionalProperties"] = False
    return made


@functools.cache
def _commands() -> frozenset[str]:
    return frozenset(schema.commands())
