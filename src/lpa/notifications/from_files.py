"""Send signed notifications from files. Their bytes are enough: the card may be elsewhere.

Law: as everywhere, each is on this computer's disk before it is sent. A file affects no card: whatever
EID it names, the notification belongs to no card until one in a reader gives the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from lpa.advice.notifications import RECEIPT_FILES
from lpa.advice.storage import NAME_OTHER_FOLDER
from lpa.errors import LpaError, NotVerified, storage_failed
from lpa.journal import Entry, Journal
from lpa.notifications import receipts
from lpa.notifications.delivery import Delivery
from lpa.notifications.receipts import Receipt, Receipts
from lpa.notifications.send_queue import SendQueue, with_predecessors
from lpa.rsp.names import Eid
from lpa.rsp.records import NotificationMetadata


@dataclass(frozen=True)
class Unusable:
    """A file that holds no receipt or cannot be read, and why."""

    path: Path
    problem: LpaError


def read(paths: Iterable[Path]) -> tuple[list[Receipt], list[Unusable]]:
    """The receipts in files, and in all `*.der` of folders; and the unusable files. Raises no `LpaError`."""
    found, unusable = [], []
    for path in paths:
        files, unread = _files_in(path)
        unusable += unread
        if not files and not unread:
            problem = NotVerified(f"There is no receipt in {path}.", advice=RECEIPT_FILES)
            unusable.append(Unusable(path, problem))
        for file in files:
            try:
                found.append(receipts.read(file))
            except LpaError as error:
                unusable.append(Unusable(file, error))
    return found, unusable


def send_files(send_queue: SendQueue, folder: Receipts, found: Iterable[Receipt]) -> tuple[Delivery, ...]:
    """Keep all of `found` on this computer, then send them to their servers, by card and sequence number.

    Earlier notifications of the same card for the same server that are pending here are sent first. What is
    recorded here as acknowledged is not sent again; what a person abandoned is sent. Raises `StorageFailed`
    if one cannot be kept: then nothing was sent.
    """
    entries: dict[bytes, Entry] = {}
    receipts_of: dict[NotificationMetadata, Receipt] = {}
    for receipt in found:
        notification = receipt.notification
        eid = _card_of(send_queue.journal, folder, receipt)
        send_queue.journal.keep(eid, notification)
        send_queue.journal.requeue(notification)
        receipts_of[notification.metadata] = folder.keep(eid, notification) if eid else receipt
        entry = send_queue.journal.find(notification)
        if entry:
            entries[bytes(notification.raw)] = entry
    acknowledged = [
        Delivery.of(entry.notification, acknowledged=True, removed=entry.removed is not None)
        for entry in entries.values()
        if entry.sent is not None
    ]
    unsent = [entry for entry in entries.values() if entry.sent is None]
    sent = send_queue.send_all(with_predecessors(send_queue.journal, unsent))
    return tuple(replace(one, receipt=receipts_of.get(one.metadata)) for one in (*acknowledged, *sent))


def _files_in(path: Path) -> tuple[list[Path], list[Unusable]]:
    """The file `path`, or what is called `*.der` in that folder; and the folders that cannot be read."""
    unread: list[Unusable] = []

    def skip(error: OSError) -> None:
        folder = Path(error.filename or path)
        problem = storage_failed(error, f"The receipts in {folder} cannot be read", NAME_OTHER_FOLDER)
        unread.append(Unusable(folder, problem))

    if not os.path.isdir(path):  # noqa: PTH112  (unlike a Path's, it raises nothing)
        return [path], []
    walk = os.walk(path, onerror=skip)
    found = [Path(folder, name) for folder, _, names in walk for name in names if name.endswith(".der")]
    return sorted(found), unread


def _card_of(journal: Journal, folder: Receipts, receipt: Receipt) -> Eid | None:
    """The card that this computer collected it from; None if it only came in files."""
    known = journal.find(receipt.notification)
    return (known.eid if known else None) or folder.card_of(receipt)
