"""The command that prints the JSON Schemas of what `--json` prints: schema."""

from __future__ import annotations

import functools
import json
import pkgutil
import sys
from collections.abc import Iterator
from importlib import resources
from typing import TYPE_CHECKING, Any, cast

import click

from lpa.cli.group import command
from lpa.cli.json_output import CommandResult

if TYPE_CHECKING:
    from lpa.cli.console import Console

_SHARED = "common.json#/$defs/"  # in the files; in what is printed it stands below the schema itself
_HERE = "#/$defs/"
_LPAC = "lpac"  # the command that prints no document


@command()
@click.argument("words", metavar="[COMMAND]...", nargs=-1)
@click.pass_obj
def schema(console: Console, words: tuple[str, ...]) -> CommandResult:
    """Print the JSON Schema of a command's document.

    The document is what the command prints with --json. COMMAND is as it is typed, such as
    'notifications list'. Without it, the commands are listed.
    """
    names = commands()
    if not words:
        for name in names:
            console.screen.line(name)
        return CommandResult({"commands": names})
    name = " ".join(" ".join(words).split())
    if name.split()[:1] == [_LPAC]:
        raise click.UsageError(f"'lpa {_LPAC}' prints the JSON of lpac, for which there is no schema.")
    of_group = [one for one in names if one.startswith(f"{name} ")]
    if name not in names and of_group:
        raise click.UsageError(f"{name!r} is a group of commands: {', '.join(map(repr, of_group))}.")
    if name not in names:
        raise click.UsageError(f"There is no command {name!r}. 'lpa schema' lists the commands.")
    found = schema_of(name)
    if not console.screen.json:
        console.screen.write(sys.stdout, json.dumps(found, indent=2))
    return CommandResult({"schema": found})


def commands() -> list[str]:
    """The commands that have a schema, in the order of their names."""
    stems = (path.name.removesuffix(".json") for path in resources.files("lpa").joinpath("schemas").iterdir())
    return sorted(_file(stem)["properties"]["command"]["const"] for stem in stems if stem != "common")


def schema_of(name: str) -> dict[str, Any]:
    """The schema of a command, with the definitions that it refers to."""
    return _whole(_file(name.replace(" ", "-")))


def definition(name: str) -> dict[str, Any]:
    """What several commands have under that name, as a schema of its own."""
    return _whole(_file("common")["$defs"][name])


def _whole(found: dict[str, Any]) -> dict[str, Any]:
    shared = _file("common")["$defs"]
    used: dict[str, Any] = {}
    left = [*_references(found)]
    while left:
        if (name := left.pop()) not in used:
            used[name] = shared[name]
            left += _references(shared[name])
    text = json.dumps(found | {"$defs": dict(sorted(used.items()))} if used else found)
    return cast("dict[str, Any]", json.loads(text.replace(f'"{_SHARED}', f'"{_HERE}')))


def _references(value: object) -> Iterator[str]:
    """The names of the shared definitions to which a piece of a schema refers."""
    if isinstance(value, dict):
        if isinstance(where := value.get("$ref"), str):
            yield where.removeprefix(_SHARED)
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _references(one)


@functools.cache
def _file(stem: str) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(pkgutil.get_data("lpa", f"schemas/{stem}.json") or b""))
