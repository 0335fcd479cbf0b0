"""Lost notifications, as a table, as lines and as JSON members."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lpa.notifications.lost import advice

if TYPE_CHECKING:
    from lpa.cli.cells import Table
    from lpa.journal import LostNotification


def table(lost: Collection[LostNotification]) -> Table:
    """One row for each."""
    return ("Event", "ICCID", "Profile", "Server", "Noticed", "Card"), [
        (
            *(loss.event, str(loss.iccid), loss.title, loss.address),
            *(f"{_noticed(loss).astimezone():%Y-%m-%d %H:%M}", str(loss.eid)),
        )
        for loss in lost
    ]


def advice_lines(lost: Collection[LostNotification]) -> Iterator[str]:
    """What to do, for each profile."""
    for iccid in dict.fromkeys(loss.iccid for loss in lost):
        yield advice(iccid)


def members(loss: LostNotification) -> dict[str, object]:
    """For a document."""
    return {
        "eid": loss.eid,
        "iccid": loss.iccid,
        "title": loss.title,
        "event": loss.event,
        "address": loss.address,
        "noticed": _noticed(loss),
    }


def _noticed(loss: LostNotification) -> datetime:
    return datetime.fromtimestamp(loss.noticed, UTC)
