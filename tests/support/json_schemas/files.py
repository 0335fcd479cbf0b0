"""The files of schemas: one for each command, and one with what several have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.json_schemas import commands
from tests.support.json_schemas.commands import Command, Result
from tests.support.json_schemas.language import Schema, many, record, shared, text
from tests.support.paths import ROOT

FOLDER = ROOT / "src" / "lpa" / "schemas"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def files() -> dict[Path, str]:
    """The content of each file."""
    definitions = commands.definitions()
    made: dict[str, Schema] = {"common": {"$schema": DIALECT, "$defs": definitions}}
    for name, command in commands.commands(definitions).items():
        made[name.replace(" ", "-")] = _document(name, command)
    return {FOLDER / f"{name}.json": _written(schema) for name, schema in made.items()}


def write() -> None:
    """Write them, and remove the file of a command that there is no more."""
    made = files()
    for path in FOLDER.glob("*.json"):
        if path not in made:
            path.unlink()
    for path, content in made.items():
        path.write_text(content, encoding="utf-8")


def _document(name: str, command: Command) -> Schema:
    """The schema of the whole document of a command."""
    results = [*map(_result, command.results)]
    # What must be there if the command succeeded.
    complete: list[dict[str, Any]] = [{"required": [*result.members]} for result in command.results]
    if command.all_readers:
        part = _part(results[0])
        results.append(_several(part, command.results[0] if name == "doctor" else None))
        complete.append({"required": ["readers"]})
    one = len(results) == 1
    whole: Schema = {
        "$schema": DIALECT,
        "title": f"lpa {name} --json",
        **record(
            f"The document that 'lpa {name} --json' prints.",
            {
                "command": {"const": name, "description": "The command."},
                "ok": {"type": "boolean", "description": "True for exit code 0 and for no other."},
                "exit_code": commands.exit_code(),
            },
            {
                "result": results[0] if one else {"description": _RESULT, "anyOf": results},
                "error": shared("error", "Why `ok` is false; missing if it is true."),
            },
        ),
    }
    return whole | _by_success(complete[0] if one else {"anyOf": complete})


_RESULT = "What was found or done, also before an error; missing if there is nothing."


def _by_success(complete: Schema) -> Schema:
    return {
        "if": {"properties": {"ok": {"const": True}}},
        "then": {"required": ["result"], "properties": {"result": complete, "error": False}},
        "else": {"required": ["error"]},
    }


def _result(result: Result) -> Schema:
    """Nothing is required of it: after an error it has what is known."""
    meaning = f"{result.when}: {_RESULT[0].lower()}{_RESULT[1:]}" if result.when else _RESULT
    made = record(meaning, {}, result.members | result.optional)
    del made["required"]
    return made


def _part(result: Schema) -> Schema:
    return record(
        "What the command found or did at one reader.",
        {
            "reader": text("The name of the reader."),
            "ok": {"type": "boolean", "description": "Whether it succeeded here."},
            "exit_code": commands.exit_code(),
        },
        {
            "result": result | {"description": "As without --all-readers; missing if there is nothing."},
            "error": shared("error", "Why `ok` is false; missing if it is true."),
        },
    )


def _several(part: Schema, beside: Result | None) -> Schema:
    readers = many(part, "One for each reader, in the order of 'lpa readers'.")
    made = record("With --all-readers.", {}, {"readers": readers} | (beside.members if beside else {}))
    del made["required"]
    return made


def _written(schema: Schema) -> str:
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
