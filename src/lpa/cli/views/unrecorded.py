"""Receipts that the journal has no record of, as a table, lines and JSON members."""

from __future__ import annotations

from collections.abc import Collection

from lpa.cli.screen import Screen
from lpa.notifications.unrecorded import Unrecorded


def show(screen: Screen, found: Collection[Unrecorded], more: int) -> dict[str, object]:
    """Print them, with the commands that send them; for the document."""
    if found:
        screen.line(("Receipts that the journal on this computer does not know:", "bold"))
        screen.table(("Number", "Event", "ICCID", "Server"), map(_row, found))
        screen.line("Whether their servers were notified is unknown. Nothing is sent unless you send it:")
        for one in found:
            screen.line(f"  {one.command}")
    if more:
        screen.say(f"{more} more files have names of receipts that the journal does not know.", "yellow")
    return {"unrecorded": [_members(one) for one in found], "more_unrecorded": more}


def _row(one: Unrecorded) -> tuple[str, ...]:
    metadata = one.receipt.notification.metadata
    return str(metadata.sequence_number), metadata.event, str(metadata.iccid or ""), metadata.address


def _members(one: Unrecorded) -> dict[str, object]:
    receipt = one.receipt
    metadata = receipt.notification.metadata
    return {"eid": one.eid, "path": receipt.path, "notification": metadata, "command": one.command}
