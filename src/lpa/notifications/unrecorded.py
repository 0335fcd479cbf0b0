"""Receipts of which the journal has no record: it was lost, or restored from an older backup.

Whether their servers were notified is not known here, so nothing is sent by itself: a person decides.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from lpa.errors import NotVerified, StorageFailed
from lpa.journal import Journal
from lpa.notifications import receipts
from lpa.notifications.receipt_names import ReceiptName
from lpa.notifications.receipts import Receipt, Receipts
from lpa.rsp.names import Eid

MOST = 100  # receipts that are read and named: without a journal, every receipt is one of them


@dataclass(frozen=True)
class Unrecorded:
    """A receipt without a record in the journal, in the folder of the card `eid`."""

    eid: Eid
    receipt: Receipt

    @property
    def command(self) -> str:
        """The command that sends it."""
        return f"lpa notifications send {shlex.quote(str(self.receipt.path))}"


def find(journal: Journal, folder: Receipts) -> tuple[tuple[Unrecorded, ...], int]:
    """The first `MOST` receipts of which the journal has no record, and how many more files have such names.

    By number and checksum in their names; only what has no record is read.
    """
    unknown = [(eid, name) for eid in folder.eids() for name in _not_in(journal, eid, folder.names(eid))]
    found: list[Unrecorded] = []
    for place, (eid, name) in enumerate(unknown):
        if len(found) == MOST:
            return tuple(found), len(unknown) - place
        try:
            receipt = receipts.read(folder.path(eid, name))
        except (NotVerified, StorageFailed):  # It only has the name of a receipt.
            continue
        entries = (journal.entry(card, receipt.notification) for card in (eid, None))
        found += [] if any(entries) else [Unrecorded(eid, receipt)]
    return tuple(found), 0


def _not_in(journal: Journal, eid: Eid, names: Iterable[ReceiptName]) -> list[ReceiptName]:
    known = journal.checksums(eid)
    return [name for name in names if (name.sequence_number, name.checksum) not in known]
