"""`lpa schema`: what it prints, for every command."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click
import jsonschema
import pytest

from lpa.cli.app import app
from lpa.cli.commands import schema
from tests.support import command

# What prints no document of lpa, and why that is so.
WITHOUT_SCHEMA = {"lpac": "it prints the JSON of lpac, and no document, with and without --json"}


def every(group: click.Group, before: str = "") -> Iterator[str]:
    """Each command as it is typed; a group that runs without one of its own is a command, too."""
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        typed = f"{before} {name}".lstrip()
        if not isinstance(found, click.Group) or found.invoke_without_command:
            yield typed
        if isinstance(found, click.Group):
            yield from every(found, typed)


def test_every_command_has_a_schema_and_nothing_else_has_one() -> None:
    assert schema.commands() == sorted({*every(app)} - WITHOUT_SCHEMA.keys())
    assert command.run("schema").out.splitlines() == schema.commands()
    assert command.run("schema", "--json").document["result"] == {"commands": schema.commands()}


@pytest.mark.parametrize("name", schema.commands())
def test_each_schema_is_valid_and_stands_alone(name: str) -> None:
    ran = command.run("schema", *name.split())
    assert (ran.code, ran.err) == (0, "")
    printed = json.loads(ran.out)
    jsonschema.Draft202012Validator.check_schema(printed)
    assert printed["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert printed["properties"]["command"]["const"] == name
    inside = {f"#/$defs/{definition}" for definition in printed["$defs"]}
    assert {*schema._references(printed)} == inside
    assert command.run("schema", name, "--json").document["result"] == {"schema": printed}


@pytest.mark.parametrize("name", schema.commands())
def test_each_member_has_a_meaning(name: str) -> None:
    assert [*without_meaning(schema.schema_of(name), name)] == []


def without_meaning(described: object, at: str) -> Iterator[str]:
    if isinstance(described, dict):
        if described.get("type") == "object":
            for member, below in described.get("properties", {}).items():
                if not below.get("description"):
                    yield f"{at}.{member}"
        for name, below in described.items():
            yield from without_meaning(below, f"{at}/{name}")
    if isinstance(described, list):
        for below in described:
            yield from without_meaning(below, at)


@pytest.mark.parametrize("words", [("nonsense",), ("../common",), ("common",), ("",)])
def test_a_command_that_there_is_not_is_a_usage_error(words: tuple[str, ...]) -> None:
    ran = command.run("schema", *words)
    assert (ran.code, ran.out) == (2, "")
    assert f"There is no command {words[0]!r}. 'lpa schema' lists the commands." in ran.err


@pytest.mark.parametrize("words", ["lpac", "lpac chip info"])
def test_the_command_that_prints_no_document_has_no_schema(words: str) -> None:
    ran = command.run("schema", *words.split())
    assert (ran.code, ran.out) == (2, "")
    assert "'lpa lpac' prints the JSON of lpac, for which there is no schema." in ran.err


def test_a_later_document_with_more_members_and_values_still_follows_the_schema() -> None:
    document = command.run("--json", "--reader", "sim:nowhere", "list").document
    document["error"] |= {"kind": "NewKind", "more": 1}
    jsonschema.validate(document | {"more": {}}, schema.schema_of("list"))


@pytest.mark.parametrize(
    "change",
    [
        {"ok": True},
        {"exit_code": 5},
        {"exit_code": "3"},
        {"command": "info"},
        {"error": {"kind": "NoReader", "reason": None, "message": "x"}},
    ],
)
def test_a_document_that_contradicts_itself_does_not_follow_the_schema(change: dict[str, object]) -> None:
    document = command.run("--json", "--reader", "sim:nowhere", "list").document
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document | change, schema.schema_of("list"))


def test_a_group_has_no_schema_of_its_own_and_its_commands_are_named() -> None:
    ran = command.run("schema", "notifications")
    assert ran.code == 2
    assert "'notifications' is a group of commands: 'notifications list', 'notifications" in ran.err
