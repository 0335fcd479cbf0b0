"""Commands and groups of them: each takes `--json`, and the screen knows which one runs."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from lpa.cli.console import Console
from lpa.cli.screen import Screen

JSON_HELP = "Print one JSON document, errors included."


class Command(click.Command):
    """A command that takes `--json` too. What runs it has seen that before: the option does nothing here."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.params.append(click.Option(["--json"], is_flag=True, expose_value=False, help=JSON_HELP))


class Group(click.Group):
    """A group of commands in an order of our own, that tells the screen which one runs."""

    command_class = Command

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (the signature is click's)
        """In our order, not by the alphabet."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, and note for the screen which command runs."""
        name, command, rest = super().resolve_command(ctx, args)
        console = ctx.find_object(Console)
        screen = console.screen if console else ctx.ensure_object(Screen)
        if name:
            screen.command = f"{screen.command} {name}".lstrip()
        return name, command, rest


command = partial(click.command, cls=Command)
