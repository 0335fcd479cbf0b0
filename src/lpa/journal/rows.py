"""What a row of the journal says. One that no lpa can have written is damage, as a torn page would be."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import UnionType
from typing import Any

from lpa.errors import BadAnswer, StorageFailed
from lpa.journal.entries import Entry, LostNotification
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.rsp.records import Notification

_Kind = type | UnionType
_ENTRY_KINDS: tuple[_Kind, ...] = (
    *(str, bytes, float, int, float, str, float | None, str, float | None, int, float | None, str | None),
)
_LOST_KINDS = (str, str, str, str, str, float)
_END_OF_TIME = 250_000_000_000.0  # seconds since 1970, in the year 9892: what comes later has no date


@contextlib.contextmanager
def undamaged(folder: Path) -> Iterator[None]:
    """Raise `StorageFailed` where a row makes no sense."""
    try:
        yield
    except (BadAnswer, KeyError, RecursionError, TypeError, ValueError) as error:
        raise StorageFailed(
            f"The journal in {folder} cannot be used: it is damaged: {error}.",
            advice="Move the damaged journal.db away: the receipts stay.",
        ) from error


def entry(row: Sequence[Any]) -> Entry:
    """The entry of a row with the columns of `statements.ENTRY`. Raises ValueError or `BadAnswer`."""
    eid, raw, kept, tries, due, bad, sent, how, gone, objected, abandoned, listed = checked(
        row, *_ENTRY_KINDS
    )
    card, notification = Eid.parse(eid) if eid else None, Notification.from_tlv(raw)
    evidence, ci_pkids = _evidence(how), _identifiers(listed)
    return Entry(
        card, notification, kept, tries, due, bad, sent, evidence, gone, bool(objected), abandoned, ci_pkids
    )


def lost(row: Sequence[Any]) -> LostNotification:
    """The lost notification of a row with the columns of `statements.LOST`. Raises ValueError."""
    eid, iccid, title, event, address, noticed = checked(row, *_LOST_KINDS)
    return LostNotification(Eid.parse(eid), Iccid.parse(iccid), title, event, address, noticed)


def checked(row: Sequence[Any], *kinds: _Kind) -> Sequence[Any]:
    """`row`, if its values are of these kinds, and its times can be dates. Raises ValueError if not."""
    for value, kind in zip(row, kinds, strict=True):
        if not isinstance(value, kind) or (isinstance(value, float) and not 0 <= value < _END_OF_TIME):
            raise ValueError(f"it has {str(value)[:40]!r} where it does not belong")
    return row


def _identifiers(listed: str | None) -> tuple[KeyIdentifier, ...] | None:
    return None if listed is None else tuple(KeyIdentifier(bytes.fromhex(one)) for one in listed.split())


def _evidence(text: str) -> dict[str, str]:
    evidence = json.loads(text)
    if not isinstance(evidence, dict) or not all(isinstance(value, str) for value in evidence.values()):
        raise ValueError("a server's acknowledgement is none")
    return evidence
