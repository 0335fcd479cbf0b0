"""What no server will hear of, because nothing signed is left of it: in words and in documents."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from lpa.cli.screen import Screen
from lpa.journal import LostNotification
from lpa.notifications.lost import advice


def show(screen: Screen, lost: Collection[LostNotification]) -> None:
    """On stdout, with what to do about each."""
    if not lost:
        return
    screen.line(("Lost: nothing signed is left that tells these servers.", "bold"))
    screen.table(
        ("Event", "ICCID", "Profile", "Server", "Noticed", "Card"),
        [
            (
                *(loss.event, str(loss.iccid), loss.title, loss.address),
                *(f"{_noticed(loss).astimezone():%Y-%m-%d %H:%M}", str(loss.eid)),
            )
            for loss in lost
        ],
    )
    for iccid in dict.fromkeys(loss.iccid for loss in lost):
        screen.line(advice(iccid))


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
