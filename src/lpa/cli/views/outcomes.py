"""What a command changed on the card, and the deliveries of its notifications, as lines."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lpa.cli.views.deliveries import delivery_lines, with_heading
from lpa.cli.views.profiles import named

if TYPE_CHECKING:
    from lpa.cli.cells import Line
    from lpa.errors import LpaError
    from lpa.notifications.changes import ProfileChange
    from lpa.notifications.delivery import Delivery
    from lpa.profiles.switching import Outcome
    from lpa.recovery import Recovery

_DONE = {"install": "Installed", "enable": "Enabled", "disable": "Disabled", "delete": "Deleted"}


def profile_name(outcome: Outcome) -> str:
    """The name and number of the profile that it is about; empty for a reset."""
    return named(outcome.profile) if outcome.profile else ""


def change_lines(outcome: Outcome | Recovery) -> Iterator[Line]:
    """Each change of a profile, and below it the deliveries of its notifications."""
    left = list(outcome.deliveries)
    for change in outcome.changes:
        by = " by another program or the card itself:" if change.external else ""
        yield f"{_DONE[change.event]}{by} {named(change.profile)}.", "bold"
        for delivery in _about(change, left):
            left.remove(delivery)
            yield from delivery_lines(delivery)
    yield from with_heading(left)


def problem_lines(problem: LpaError | None) -> Iterator[Line]:
    """What the check of the card after a change found wrong."""
    if problem:
        yield f"Problem: {problem.message}", "red"
        yield problem.advice, ""


def _about(change: ProfileChange, deliveries: Iterable[Delivery]) -> list[Delivery]:
    """The newest notification of each server about this change, by number.

    Older ones about the same event were sent with it, in sequence order; they stand below no change of now.
    """
    newest: dict[str, Delivery] = {}
    for delivery in sorted(deliveries, key=_number):
        if (delivery.event, delivery.iccid) == (change.event, change.profile.iccid):
            newest[delivery.address] = delivery
    return sorted(newest.values(), key=_number)


def _number(delivery: Delivery) -> float:
    """One that the card did not give has no number, and is about what was done now."""
    return math.inf if delivery.sequence_number is None else delivery.sequence_number
