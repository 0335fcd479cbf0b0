"""Signed notifications from files, sent for a card that may be far away: their bytes are enough.

Law: as everywhere, each is on our disk before it is sent. The card lists it until it is here again, because
only then can it be told to forget it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from lpa import receipts
from lpa.dispatch import Delivery, Dispatch, with_older
from lpa.errors import BadAnswer, LpaError, NotVerified
from lpa.journal import Entry
from lpa.receipts import Receipt, Receipts
from lpa.rsp.chain import claimed_card
from lpa.rsp.names import Eid
from lpa.rsp.records import NotificationMetadata


@dataclass(frozen=True)
class Unusable:
    """A file of which nothing was sent, and why."""

    path: Path
    problem: LpaError


def read(paths: Iterable[Path]) -> tuple[list[Receipt], list[Unusable]]:
    """The receipts in files, and in all `*.der` of folders; and what is none. Raises nothing of ours."""
    found, unusable = [], []
    for path in paths:
        files = sorted(path.rglob("*.der")) if path.is_dir() else [path]
        if not files:
            problem = NotVerified(f"There is no receipt in {path}.", advice="Receipts are files named *.der.")
            unusable.append(Unusable(path, problem))
        for file in files:
            try:
                found.append(receipts.read(file))
            except LpaError as error:
                unusable.append(Unusable(file, error))
    return found, unusable


def hand_over(dispatch: Dispatch, folder: Receipts, found: Iterable[Receipt]) -> tuple[Delivery, ...]:
    """Keep all of `found` on this computer, then send it to the servers, by card and number.

    Before it goes what this computer keeps of the same card for the same server and is older. What is known
    here to be acknowledged is not sent again. Raises `StorageFailed` if one cannot be kept: then nothing was
    sent.
    """
    entries: dict[tuple[Eid | None, bytes], Entry] = {}
    proofs: dict[NotificationMetadata, Receipt] = {}
    for receipt in found:
        eid, notification = card_of(receipt), receipt.notification
        dispatch.journal.keep(eid, notification)
        proofs[notification.metadata] = folder.keep(eid, notification) if eid else receipt
        entry = dispatch.journal.entry(eid, notification)
        if entry:
            entries[eid, bytes(notification.raw)] = entry
    known = [
        Delivery.of(entry.notification, acknowledged=True, cleared=entry.cleared is not None)
        for entry in entries.values()
        if entry.sent is not None
    ]
    unsent = [entry for entry in entries.values() if entry.sent is None]
    sent = dispatch.send_all(with_older(dispatch.journal, unsent))
    return tuple(replace(one, receipt=proofs.get(one.told)) for one in (*known, *sent))


def card_of(receipt: Receipt) -> Eid | None:
    """Which card signed it: by its certificate, or by the folder. None if neither says so.

    The certificate is not checked: the server does that, and it is only to find the card again.
    """
    with contextlib.suppress(BadAnswer, NotVerified, ValueError):
        return claimed_card(receipt.notification)
    with contextlib.suppress(ValueError):
        return Eid.parse(receipt.path.resolve().parent.name)
    return None
