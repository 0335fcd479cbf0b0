"""What a start loads: only what its command needs. Its cost in instructions: `tests.support.instructions`."""

from __future__ import annotations

import click
import pytest

from lpa.cli.app import _COMMANDS, app
from lpa.cli.screen import Screen
from tests.support import loaded

OURS = {"lpa.assistant", "lpa.card.es10", "lpa.cli.commands", "lpa.journal", "lpa.rsp.trace", "lpa.server"}


def test_the_version_is_printed_before_anything_else_is_loaded() -> None:
    found = loaded.by("--version")
    assert found & (loaded.HEAVY | {"click", "signal", "typing"}) == set()
    assert {name for name in found if name.startswith("lpa")} == {"lpa", "lpa.cli", "lpa.cli.main"}


def test_the_help_loads_no_command_and_no_heavy_library() -> None:
    assert loaded.by("--help") & (loaded.HEAVY | OURS) == set()


@pytest.mark.parametrize("group", ["notifications", "receipts", "sim"])
def test_the_help_of_a_group_loads_that_group_alone(group: str) -> None:
    commands = {name for name in loaded.by(group, "--help") if name.startswith("lpa.cli.commands.")}
    files = {f"lpa.cli.commands.{file}" for file, _ in _COMMANDS.values()}
    assert commands & files == {f"lpa.cli.commands.{group}"}


def test_the_table_of_commands_says_what_their_help_says() -> None:
    context = click.Context(app, obj=Screen(json=False))
    commands = {name: app.get_command(context, name) for name in app.list_commands(context)}
    summaries = {name: one.get_short_help_str(1000) for name, one in commands.items() if one}
    assert summaries == {name: summary for name, (_, summary) in _COMMANDS.items()}


@pytest.mark.parametrize("width", [20, 40, 78, 200])
def test_the_help_is_laid_out_as_if_all_commands_were_loaded(width: int) -> None:
    context = click.Context(app, obj=Screen(json=False))
    shown, whole = click.HelpFormatter(width=width), click.HelpFormatter(width=width)
    app.format_commands(context, shown)
    click.Group.format_commands(app, context, whole)
    assert shown.getvalue() == whole.getvalue()
