"""What this computer knows of notifications: pending, acknowledged, lost, and receipts without a record."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing
from typing import TYPE_CHECKING

from lpa.cli.views import lost_notifications
from lpa.cli.views import pending as pending_views
from lpa.cli.views import unrecorded as unrecorded_views
from lpa.notifications import unrecorded
from lpa.notifications.send_queue import pending

if TYPE_CHECKING:
    from lpa.cli.console import Console
    from lpa.cli.screen import Screen
    from lpa.journal import LostNotification
    from lpa.notifications.unrecorded import Unrecorded


def on_computer(console: Console) -> dict[str, object]:
    """Print what is pending on this computer, and what is lost; for the document."""
    with closing(console.journal()) as journal:
        kept = pending(journal)
        acknowledged = [entry for entry in journal.outbox() if entry.sent is not None]
        lost = journal.lost()
        without_record = unrecorded.find(journal, console.receipts())
    if kept:
        console.screen.line(("Pending on this computer:", "bold"))
        console.screen.table(*pending_views.table(kept))
        for line in pending_views.held_lines(kept):
            console.screen.line(line)
    left = sum(entry.held for entry in acknowledged)
    if len(acknowledged) > left:
        console.screen.say(f"{len(acknowledged) - left} acknowledged, to be removed from the card.")
    if left:
        console.screen.say(
            f"{left} acknowledged, left on the card; 'lpa notifications send' removes what is acknowledged."
        )
    show_lost(console.screen, lost)
    return {
        "pending": [pending_views.members(one) for one in kept],
        "still_on_card": len(acknowledged),
        "left_on_card": left,
        "lost": [lost_notifications.members(one) for one in lost],
        **show_unrecorded(console.screen, *without_record),
    }


def show_lost(screen: Screen, lost: Collection[LostNotification]) -> None:
    """Print lost notifications, with what to do about each."""
    if not lost:
        return
    screen.line(("Lost: no signed notification remains for these servers.", "bold"))
    screen.table(*lost_notifications.table(lost))
    for line in lost_notifications.advice_lines(lost):
        screen.line(line)


def show_unrecorded(screen: Screen, found: Collection[Unrecorded], more: int) -> dict[str, object]:
    """Print receipts without a record, with the commands that send them; for the document."""
    if found:
        screen.line(("Receipts of which the journal on this computer has no record:", "bold"))
        screen.table(*unrecorded_views.table(found))
        screen.line("Whether their servers were notified is unknown. Nothing is sent unless you send it:")
        for one in found:
            screen.line(f"  {one.command}")
    if more:
        files = "1 more file has" if more == 1 else f"{more} more files have"
        screen.say(f"{files} the name of such a receipt.", "yellow")
    return {"unrecorded": [*map(unrecorded_views.members, found)], "more_unrecorded": more}
