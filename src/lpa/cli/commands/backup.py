"""The command that saves what a profile contains: backup."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lpa.advice.commands import ASK_PIN
from lpa.cli.commands.interruption import changing
from lpa.cli.group import command
from lpa.cli.json_output import CommandResult, plain
from lpa.cli.parsing import FOLDER

if TYPE_CHECKING:
    from lpa.cli.console import Console
    from lpa.cli.screen import Screen
    from lpa.profiles.backup import Backup


_SAVING = (
    "Interrupted while saving.",
    "Nothing was changed on the card. The backup is complete, or does not exist.",
)


@command()
@click.argument("folder", type=FOLDER)
@click.option("--ask-pin", is_flag=True, help="Ask for the profile's PIN.")
@click.pass_obj
def backup(console: Console, folder: Path, ask_pin: bool) -> CommandResult:
    """Save contacts and messages of the enabled profile.

    FOLDER must not exist yet. It will contain contacts.vcf, messages.txt, the same as JSON, and every record
    as the card returned it. A PIN is never guessed, and never tried when only one try is left.
    """
    from lpa.profiles.backup import refuse_existing

    refuse_existing(folder)  # before the card is opened, and before a PIN is asked for
    with console.assistant() as assistant:
        pin = ask_for_pin(console.screen, ask_pin)
        with changing(console.screen, *_SAVING):
            with console.screen.progress() as progress:
                made = assistant.back_up(folder, pin=pin, progress=progress)
            console.screen.did(_saved(made), plain(made), advice="")
    report_backup(console.screen, made)
    return CommandResult(made)


def ask_for_pin(screen: Screen, wanted: bool) -> str | None:
    """The PIN that a person types, not shown, if one is wanted. Asks again if the input is not a PIN."""
    from lpa.card.files.filesystem import is_pin

    while wanted:
        typed = screen.ask_secret("PIN of the profile:", advice=ASK_PIN)
        if is_pin(typed):
            return typed
        screen.say("A PIN has 4 to 8 digits. Nothing was sent to the card, and no try was used.")
    return None


def report_backup(screen: Screen, backup: Backup) -> None:
    """Print what was saved, and what could not be."""
    screen.line((_saved(backup), "bold"))
    for problem in backup.problems:
        screen.say(f"Not saved: {problem}", "yellow")


def _saved(backup: Backup) -> str:
    return f"Saved {backup.contacts} contacts and {backup.messages} messages in {backup.folder}."
