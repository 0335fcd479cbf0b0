"""The command that speaks lpac's command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lpa.cli.group import command

if TYPE_CHECKING:
    from lpa.cli.console import Console


@command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[COMMAND]...")
@click.pass_obj
def lpac(console: Console, words: tuple[str, ...]) -> int:
    """Speak lpac's command line and JSON, for programs made for it.

    'lpac chip info', 'profile list' and so on; docs/lpac.md says what differs. A link called lpac to this
    program does the same.
    """
    from lpa.cli.lpac import program

    return program.run(console, words)
