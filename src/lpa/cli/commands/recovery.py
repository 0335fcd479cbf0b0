"""Recover what was interrupted on a card before a command changes it, and report the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from lpa.cli.commands.interruption import changing
from lpa.cli.commands.outcomes import unprinted
from lpa.later import later

if TYPE_CHECKING:
    from lpa.assistant import Assistant
    from lpa.cli.cells import Cell
    from lpa.cli.screen import Screen
    from lpa.cli.views import recoveries
else:  # Hardly ever is there something to report.
    (recoveries,) = later("lpa.cli.views", "recoveries")


def recover(screen: Screen, assistant: Assistant, write: Callable[[Cell], None] | None = None) -> None:
    """Recover what was interrupted, and report it line by line by `write`; to stderr if None."""
    before, reported = screen.interruption, len(assistant.recovered)
    try:
        with changing(screen), screen.progress() as progress:
            assistant.recover(progress=progress)
    finally:  # Also if it fails after some: no later command reports those.
        recovered = assistant.recovered[reported:]
        for recovery in recovered:
            screen.done.setdefault("recovered", []).append(recoveries.members(recovery))
            deliveries = unprinted(screen, recovery.deliveries)
            for line in recoveries.lines(replace(recovery, deliveries=deliveries)):
                (write or screen.stderr_line)(line)
    if recovered:
        screen.did("What was interrupted before is recovered.")
    else:
        screen.interruption = before


@contextmanager
def recovering(
    screen: Screen, assistant: Assistant, write: Callable[[Cell], None] | None = None
) -> Iterator[None]:
    """As `changing`; before, recover what was interrupted, as `recover` does."""
    recover(screen, assistant, write)
    with changing(screen):
        yield
