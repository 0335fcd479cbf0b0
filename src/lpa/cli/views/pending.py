"""Pending notifications that are kept on this computer, as a table and as JSON members."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lpa.cli.views.times import time_until

if TYPE_CHECKING:
    from lpa.cli.cells import Table
    from lpa.notifications.delivery import PendingNotification

_HEADINGS = ("Number", "Event", "ICCID", "Server", "Tries", "Next try", "Last problem")


def table(pending: Collection[PendingNotification]) -> Table:
    """One row for each, with the card if there are several."""
    cards = len({one.entry.eid for one in pending}) > 1
    now = datetime.now(UTC)
    rows = []
    for one in pending:
        entry, metadata = one.entry, one.entry.notification.metadata
        row = (str(metadata.sequence_number), metadata.event, str(metadata.iccid or ""), metadata.address)
        tries = (str(entry.attempts), _next_try(one.next_try, now), entry.problem)
        rows.append((*row, *tries, *([str(entry.eid or "unknown")] if cards else [])))
    return (*_HEADINGS, *(["Card"] if cards else [])), rows


def _next_try(when: datetime | None, now: datetime) -> str:
    if when is None:
        return "not by itself"
    return time_until(when, now) if when > now else "due now"


def held_lines(pending: Collection[PendingNotification]) -> Iterator[str]:
    """What to do about those that are not sent by themselves, if there are any."""
    number = sum(one.next_try is None for one in pending)
    if number == 1:
        yield "1 of them is not sent by itself: only 'lpa notifications send' sends it."
    elif number:
        yield f"{number} of them are not sent by themselves: only 'lpa notifications send' sends them."


def members(one: PendingNotification) -> dict[str, object]:
    """For a document."""
    entry = one.entry
    return {
        "eid": entry.eid,
        "notification": entry.notification.metadata,
        "kept": datetime.fromtimestamp(entry.kept, UTC),
        "attempts": entry.attempts,
        "last_problem": entry.problem,
        "next_try": one.next_try,
        "held": entry.held,
    }
