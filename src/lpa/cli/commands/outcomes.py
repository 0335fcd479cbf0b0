"""Report what a command changed on the card, the deliveries of its notifications, and the state now."""

from __future__ import annotations

from collections.abc import Iterable

from lpa.cli.commands.interruption import PENDING
from lpa.cli.exits import UNDELIVERED, exit_code
from lpa.cli.json_output import CommandResult, plain
from lpa.cli.screen import Screen
from lpa.cli.views.deliveries import summary, unacknowledged
from lpa.cli.views.outcomes import change_lines, problem_lines
from lpa.notifications.delivery import Delivery
from lpa.profiles.switching import Outcome


def report(screen: Screen, outcome: Outcome, state: str, earlier: Iterable[Delivery] = ()) -> CommandResult:
    """Print the outcome and then `state`, a sentence about the state now.

    `earlier`: deliveries of a step before it, already printed; they count for the summary and the exit code.
    """
    screen.did(state, plain(outcome), advice=PENDING)
    for line in change_lines(outcome):
        screen.line(line)
    screen.line((state, "bold"))
    deliveries = (*earlier, *outcome.deliveries)
    for line in (*summary(deliveries), *problem_lines(outcome.problem)):
        screen.line(line)
    if outcome.problem:
        return CommandResult(outcome, outcome.problem, exit_code(outcome.problem))
    for delivery in unacknowledged(deliveries):
        return CommandResult(outcome, delivery.problem, UNDELIVERED)
    return CommandResult(outcome)
