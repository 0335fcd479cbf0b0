"""Recover what was interrupted on a card before a command changes it, and report the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from lpa.assistant import Assistant
from lpa.cli.commands.outcomes import unprinted
from lpa.cli.exits import changing
from lpa.cli.screen import Cell, Screen
from lpa.cli.views import recoveries


@contextmanager
def recovering(
    screen: Screen, assistant: Assistant, write: Callable[[Cell], None] | None = None
) -> Iterator[None]:
    """As `changing`; before, recover what was interrupted, and report it line by line by `write`.

    `write`: to stderr if None.
    """
    with changing():
        reported = len(assistant.recovered)
        try:
            assistant.recover()
        finally:  # Also if it fails after some: no later command reports those.
            for recovery in assistant.recovered[reported:]:
                screen.done.setdefault("recovered", []).append(recoveries.members(recovery))
                deliveries = unprinted(screen, recovery.deliveries)
                for line in recoveries.lines(replace(recovery, deliveries=deliveries)):
                    (write or screen.stderr_line)(line)
        yield
