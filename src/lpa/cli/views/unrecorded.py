"""Receipts that the journal has no record of, as a table and as JSON members."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lpa.cli.cells import Table
    from lpa.notifications.unrecorded import Unrecorded


def table(found: Collection[Unrecorded]) -> Table:
    """One row for each."""
    every = [one.receipt.notification.metadata for one in found]
    return ("Number", "Event", "ICCID", "Server"), [
        (str(one.sequence_number), one.event, str(one.iccid or ""), one.address) for one in every
    ]


def members(one: Unrecorded) -> dict[str, object]:
    """For a document."""
    receipt = one.receipt
    return {
        "eid": one.eid,
        "path": receipt.path,
        "notification": receipt.notification.metadata,
        "command": one.command,
    }
