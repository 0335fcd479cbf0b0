"""Report what a command changed on the card, the deliveries of its notifications, and the state now."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from lpa.cli.commands.interruption import PENDING
from lpa.cli.exits import UNDELIVERED, exit_code
from lpa.cli.json_output import CommandResult, plain
from lpa.cli.views.deliveries import closing_lines, lost_lines, undelivered
from lpa.cli.views.outcomes import change_lines, problem_lines

if TYPE_CHECKING:
    from lpa.cli.screen import Screen
    from lpa.notifications.delivery import Delivery, PendingNotification
    from lpa.profiles.switching import Outcome


def report(screen: Screen, outcome: Outcome, state: str, earlier: Iterable[Delivery] = ()) -> CommandResult:
    """Print the outcome and then `state`, a sentence about the state now.

    `earlier`: deliveries of a step before it, already printed; they count for the exit code. How many
    notifications are pending is left to `report_pending`, at the end of the command.
    """
    screen.did(state, plain(outcome), advice=PENDING)
    report_changes(screen, outcome)
    screen.line((state, "bold"))
    deliveries = (*earlier, *outcome.deliveries)
    for line in (*lost_lines(deliveries), *problem_lines(outcome.problem)):
        screen.line(line)
    if outcome.problem:
        return CommandResult(outcome, outcome.problem, exit_code(outcome.problem))
    for delivery in undelivered(deliveries):
        return CommandResult(outcome, delivery.problem, UNDELIVERED)
    return CommandResult(outcome)


def report_changes(screen: Screen, outcome: Outcome) -> None:
    """Print what was changed on the card, with the deliveries."""
    for line in change_lines(replace(outcome, deliveries=unprinted(screen, outcome.deliveries))):
        screen.line(line)


def unprinted(screen: Screen, deliveries: Iterable[Delivery]) -> tuple[Delivery, ...]:
    """`deliveries` without those that this command has already printed as pending, and that still are."""
    new = tuple(one for one in deliveries if one.acknowledged or one.metadata not in screen.pending)
    screen.pending.update(one.metadata for one in new if not one.acknowledged)
    return new


def report_pending(
    screen: Screen, deliveries: Iterable[Delivery], pending: Collection[PendingNotification]
) -> None:
    """Print the last lines of a command: see `closing_lines`. To stderr if it printed no deliveries."""
    deliveries = tuple(deliveries)
    for line in closing_lines(deliveries, pending, screen.pending):
        (screen.line if deliveries else screen.stderr_line)(line)
