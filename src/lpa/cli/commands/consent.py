"""Ask a person to confirm or accept something."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from lpa.errors import Declined

if TYPE_CHECKING:
    from lpa.cli.screen import Screen

BACKUP_FAILED = "backup-failed"  # a warning that is found only during the backup; --accept takes it too


def confirm(screen: Screen, what: str, expected: str, *, otherwise: str) -> None:
    """Have a person type `expected`, called `what`. Raises `Declined` if something else is typed.

    `otherwise`: the option that confirms without a terminal.
    """
    if screen.ask(f"To confirm, type {what}:", otherwise=otherwise) != expected:
        raise Declined(f"The input is not {what}.", reason="notConfirmed")


def chosen(screen: Screen, question: str, words: Collection[str], *, otherwise: str) -> str:
    """The one of `words` that a person types. Anything else is asked again, also an empty line."""
    while (answer := screen.ask(question, otherwise=otherwise).lower()) not in words:
        screen.say("Please type one of these answers.")
    return answer


def agrees(screen: Screen, question: str, *, otherwise: str) -> bool:
    """Whether a person answers `question` with yes; anything else is no, also an empty line."""
    return screen.ask(f"{question} [y/N]", otherwise=otherwise).lower() in ("yes", "y")
