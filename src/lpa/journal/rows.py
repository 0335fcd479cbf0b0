"""Read the rows of the journal. A row that lpa cannot have written counts as damage."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import UnionType
from typing import Any

from lpa.advice.storage import MOVE_DAMAGED_JOURNAL
from lpa.errors import BadAnswer, StorageFailed
from lpa.journal.entries import Entry, LostNotification
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.rsp.records import Notification, NotificationEvent

_Type = type | UnionType
_ENTRY_TYPES: tuple[_Type, ...] = (
    *(str, bytes, float, int, float, str, float | None, str, float | None, int, float | None, str | None),
)
_LOST_TYPES = (str, str, str, str, str, float)
_END_OF_TIME = 250_000_000_000.0  # seconds since 1970, in the year 9892: Python has no dates after 9999


@contextlib.contextmanager
def undamaged(folder: Path) -> Iterator[None]:
    """Raise `StorageFailed` for a row that cannot be read."""
    try:
        yield
    except (BadAnswer, KeyError, RecursionError, TypeError, ValueError) as error:
        raise StorageFailed(
            f"The journal in {folder} is damaged: {error}.",
            advice=MOVE_DAMAGED_JOURNAL,
            reason="journalDamaged",
        ) from error


def entry(row: Sequence[Any]) -> Entry:
    """The entry of a row with the columns of `statements.ENTRY`. Raises ValueError or `BadAnswer`."""
    eid, signed, kept, attempts, next_try, problem, sent, evidence, removed, objected, abandoned, ci_pkids = (
        checked(row, *_ENTRY_TYPES)
    )
    return Entry(
        eid=Eid.parse(eid) if eid else None,
        notification=Notification.from_tlv(signed),
        kept=kept,
        attempts=attempts,
        next_try=next_try,
        problem=problem,
        sent=sent,
        evidence=_evidence(evidence),
        removed=removed,
        objected=bool(objected),
        abandoned=abandoned,
        ci_pkids=_identifiers(ci_pkids),
    )


def lost(row: Sequence[Any]) -> LostNotification:
    """The lost notification of a row with the columns of `statements.LOST`. Raises ValueError."""
    eid, iccid, title, event, address, noticed = checked(row, *_LOST_TYPES)
    return LostNotification(
        Eid.parse(eid), Iccid.parse(iccid), title, NotificationEvent(event), address, noticed
    )


def checked(row: Sequence[Any], *types: _Type) -> Sequence[Any]:
    """`row`, if its values are of these types and its times can be dates. Raises ValueError if not."""
    for value, kind in zip(row, types, strict=True):
        if not isinstance(value, kind) or (isinstance(value, float) and not 0 <= value < _END_OF_TIME):
            raise ValueError(f"unexpected value {str(value)[:40]!r}")
    return row


def _identifiers(listed: str | None) -> tuple[KeyIdentifier, ...] | None:
    return None if listed is None else tuple(KeyIdentifier(bytes.fromhex(one)) for one in listed.split())


def _evidence(text: str) -> dict[str, str]:
    evidence = json.loads(text)
    if not isinstance(evidence, dict) or not all(isinstance(value, str) for value in evidence.values()):
        raise ValueError("the evidence of an acknowledgement is not an object with texts")
    return evidence
