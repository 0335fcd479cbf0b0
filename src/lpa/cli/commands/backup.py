"""The command that saves what a profile holds: backup."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lpa.cli.console import Console
from lpa.cli.group import command
from lpa.cli.json_output import Answer
from lpa.cli.parsing import FOLDER
from lpa.cli.screen import Screen

if TYPE_CHECKING:
    from lpa.profiles.backup import Backup


@command()
@click.argument("folder", type=FOLDER)
@click.option("--ask-pin", is_flag=True, help="Ask for the profile's PIN.")
@click.pass_obj
def backup(console: Console, folder: Path, ask_pin: bool) -> Answer:
    """Save contacts, messages and numbers of the profile in use.

    FOLDER must not exist yet. It gets contacts.vcf, messages.txt, the same as JSON, and every record as
    the card gave it. A PIN is never guessed, and never tried when only one try is left.
    """
    with console.assistant() as assistant:
        saved_now = assistant.back_up(folder, pin=pin(console.screen, ask_pin))
    saved(console.screen, saved_now)
    return Answer(saved_now)


def pin(screen: Screen, wanted: bool) -> str | None:
    """The PIN that a person types, unseen, if one is wanted. What can be none is asked for again."""
    from lpa.card.files.filesystem import is_pin

    while wanted:
        typed = screen.ask_secret("PIN of the profile:", otherwise="Without --ask-pin none is")
        if is_pin(typed):
            return typed
        screen.say("A PIN has 4 to 8 digits. The card was not asked, and no try was used up.")
    return None


def saved(screen: Screen, backup: Backup) -> None:
    """Say what was saved, and what could not be."""
    screen.line(
        (f"Saved {backup.contacts} contacts and {backup.messages} messages in {backup.folder}.", "bold")
    )
    for problem in backup.problems:
        screen.say(f"Not saved: {problem}", "yellow")
