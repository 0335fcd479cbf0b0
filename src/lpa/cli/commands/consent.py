"""Ask a person to confirm or accept something."""

from __future__ import annotations

from lpa.cli.screen import Screen
from lpa.errors import Declined


def confirm(screen: Screen, what: str, expected: str, *, otherwise: str) -> None:
    """Have a person type `expected`, called `what`. Raises `Declined` if something else is typed.

    `otherwise`: the option that confirms without a terminal.
    """
    if screen.ask(f"To confirm, type {what}:", otherwise=otherwise) != expected:
        raise Declined(f"The input is not {what}.")


def agrees(screen: Screen, question: str, *, otherwise: str) -> bool:
    """Whether a person answers `question` with yes; anything else is no, also an empty line."""
    return screen.ask(f"{question} [y/N]", otherwise=otherwise).lower() in ("yes", "y")
