"""What must be true after a session was interrupted and another one recovered."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from lpa.journal import CLOSED, DISABLED, DISABLING, PLANNED, Journal
from lpa.rsp.records import Notification
from lpa.sim.euicc.state import CardState
from lpa.sim.servers.ledger import Ledger
from tests.support.killed_child import FaultInjector, Workspace, session
from tests.support.recovery import resume

States = dict[str, str]  # the state of each profile, by ICCID
_PROFILES_INFO = "BF2D"
_MUTATING = {"BF31", "BF32", "BF33", "BF34"}  # enable, disable, delete, memory reset
_NOT_ASKED = {"BF33": (PLANNED, DISABLING, DISABLED)}  # states in which the card was not asked to delete
_EVENTS: dict[str, set[str]] = {
    "enable": {"enable", "disable"},
    "disable": {"disable"},
    "delete": {"disable", "delete"},
    "reset": {"delete"},
    "download": {"install"},
    "temporary-enable": set(),
}


@dataclass(frozen=True)
class RecordedOperation:
    """An operation as it is in the journal."""

    function: str
    state: str
    completed: bool
    outcome: str


def card_state(workspace: Workspace) -> CardState:
    """The card's permanent memory."""
    return CardState.from_json(json.loads((workspace.card / "card.json").read_bytes()))


def states(workspace: Workspace) -> States:
    """The state of each profile."""
    return {profile.iccid: profile.state for profile in card_state(workspace).profiles}


def operations(workspace: Workspace) -> list[RecordedOperation]:
    """All operations that were ever begun, in order."""
    journal = Journal(workspace.state)
    try:
        rows = journal._read("SELECT function, state, completed, outcome FROM operation ORDER BY id", ())
        return [RecordedOperation(*row) for row in rows]
    finally:
        journal.close()


def resume_in_new_session(workspace: Workspace) -> None:
    """Resume in a new session. It must report what the unfinished operations did, and nothing else.

    Then send what is not due yet.
    """
    before = operations(workspace)
    with session(workspace, FaultInjector()) as assistant:
        resume(assistant)
        assistant.send_notifications()
        reported = {
            (change.event, str(change.profile.iccid))
            for recovery in assistant.recovered
            for change in recovery.changes
        }
        recovered = [one.function for one in assistant.recovered]
    unfinished = [one.function for one in before if not one.completed]
    assert recovered == sorted(unfinished, key=lambda function: function == "temporary-enable"), (
        "a temporary enable is ended last"
    )
    done = {(received.event, str(received.iccid)) for received in Ledger(workspace.server).received}
    assert reported <= done, "it reports what was not done"
    finished = {event for one in before if one.completed for event in _EVENTS[one.function]}
    if recovered:
        left = {event for event, _ in done - reported - _reverted(workspace, done)}
        assert left <= finished, "it does not report all that was done"


def _reverted(workspace: Workspace, done: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """What a card that falls back has enabled and disabled again: its list does not show that."""
    if not card_state(workspace).behaviour.fallbacks:
        return set()
    return {(event, iccid) for event, iccid in done if {("enable", iccid), ("disable", iccid)} <= done}


def check_invariants(workspace: Workspace) -> None:
    """Check what card, disk, server and notes show when everything is finished."""
    for one in operations(workspace):
        assert one.state == CLOSED
        assert "has no signed notification" not in one.outcome, "lost, but it was not"
    assert not (workspace.state / "journal.db-wal").exists(), "the journal was not closed"
    _check_nothing_lost(workspace)
    _check_order(workspace)
    _check_card_was_read_between_changes(workspace)


def check_known(workspace: Workspace, noted: int) -> None:
    """Check that the disk knows what was done, before anybody recovered: all but the first `noted` events.

    The card was asked for nothing that is not begun in the journal, the server was sent nothing that is not a
    receipt, and nothing was removed whose acknowledgement is not in the journal.
    """
    events = workspace.notes[noted:]
    receipts = workspace.state.rglob("*.der")
    kept = {Notification.from_tlv(path.read_bytes()).metadata.sequence_number for path in receipts}
    with contextlib.closing(Journal(workspace.state)) as journal:
        begun = [state for (state,) in journal._read("SELECT state FROM operation", ())]
        rows = journal._read("SELECT sequence FROM notification WHERE sent IS NOT NULL", ())
    acknowledged = {number for (number,) in rows}
    for what, *words in events:
        if what == "asked" and words[0] in _MUTATING:
            assert any(state not in _NOT_ASKED.get(words[0], (PLANNED,)) for state in begun), words
        elif what == "sent":
            assert int(words[0]) in kept, f"notification {words[0]} was sent, and is no receipt"
        elif what == "removed":
            assert int(words[0]) in acknowledged, f"notification {words[0]} was removed unacknowledged"


def _check_nothing_lost(workspace: Workspace) -> None:
    """Each notification that the card ever signed is a receipt, was received by its server, and is gone."""
    card = card_state(workspace)
    assert card.notifications == ()
    every = list(range(1, card.next_sequence_number))
    receipts = [path.read_bytes() for path in sorted(workspace.state.rglob("*.der"))]
    assert [Notification.from_tlv(raw).metadata.sequence_number for raw in receipts] == every
    received = Ledger(workspace.server).received
    assert sorted(one.sequence_number for one in received) == every
    assert {one.raw for one in received} == set(receipts)
    journal = Journal(workspace.state)
    assert journal.outbox() == ()
    assert journal.lost() == (), "lost, but it was not"
    journal.close()


def _check_order(workspace: Workspace) -> None:
    """Each notification was kept before it was sent, and removed after its acknowledgement arrived."""
    acknowledged = set()
    for words in workspace.notes:
        if words[0] == "sent":
            assert words[2] == "kept"
        if words[0] == "acknowledged":
            acknowledged.add(words[1])
        if words[0] == "removed":
            assert words[1] in acknowledged


def _check_card_was_read_between_changes(workspace: Workspace) -> None:
    """The card was read between two commands that change profiles."""
    changed = False
    for what, tag in _conversation(workspace):
        if what == "asked" and tag in _MUTATING:
            assert not changed, f"{tag} was sent before the card was read"
            changed = True
        if (what, tag) == ("answered", _PROFILES_INFO):
            changed = False


def _conversation(workspace: Workspace) -> Iterator[tuple[str, str]]:
    return ((words[0], words[1]) for words in workspace.notes if words[0] in ("asked", "answered"))
