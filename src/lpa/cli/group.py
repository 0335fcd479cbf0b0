"""Commands and groups of commands: each takes `--json`, and the screen knows which one runs."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from lpa.cli.screen import Screen

JSON_HELP = "Print one JSON document, errors included."
_FOR_ALL_READERS = ("list", "info", "notifications send", "doctor")
_SCREEN = "lpa.cli.screen"  # in click's memory of this run


class Command(click.Command):
    """A command that accepts `--json`. `running` has read that before: here the option does nothing."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.params.append(click.Option(["--json"], is_flag=True, expose_value=False, help=JSON_HELP))

    def invoke(self, ctx: click.Context) -> Any:
        """As click does, unless `--all-readers` was given and the command is for one card."""
        name = ctx.meta[_SCREEN].command if _SCREEN in ctx.meta else ""
        if getattr(ctx.obj, "all_readers", False) and name not in _FOR_ALL_READERS:
            raise click.UsageError(f"'lpa {name}' does not work with --all-readers.", ctx)
        return super().invoke(ctx)


class Group(click.Group):
    """A group of commands in the order of their definition. It notes for the screen which one runs."""

    command_class = Command

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (the signature is click's)
        """In the order of definition, not of the alphabet."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, and note for the screen which command runs."""
        name, command, rest = super().resolve_command(ctx, args)
        # The root's object is the screen at first, and the console once the global options are parsed.
        if _SCREEN not in ctx.meta:
            ctx.meta[_SCREEN] = ctx.ensure_object(Screen)
        screen: Screen = ctx.meta[_SCREEN]
        if name:
            screen.command = f"{screen.command} {name}".lstrip()
        return name, command, rest


command = partial(click.command, cls=Command)
