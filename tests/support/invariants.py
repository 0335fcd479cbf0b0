"""What must be true after a session ended somewhere and another one recovered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from lpa.journal import CLOSED, Journal
from lpa.rsp.records import Notification
from lpa.sim.euicc.state import CardState
from lpa.sim.servers.ledger import Ledger
from tests.support.killed_child import Fate, Place, session
from tests.support.recovery import resume

States = dict[str, str]  # the state of each profile, by ICCID
_PROFILES_INFO = "BF2D"
_MUTATING = {"BF31", "BF32", "BF33", "BF34"}  # enable, disable, delete, memory reset
_EVENTS: dict[str, set[str]] = {
    "enable": {"enable", "disable"},
    "disable": {"disable"},
    "delete": {"disable", "delete"},
    "reset": {"delete"},
    "download": {"install"},
    "temporary-enable": set(),
}


@dataclass(frozen=True)
class Written:
    """What the journal has on an operation."""

    function: str
    state: str
    completed: bool
    outcome: str


def card_state(place: Place) -> CardState:
    """What the card holds, as it is without power."""
    return CardState.from_json(json.loads((place.card / "card.json").read_bytes()))


def states(place: Place) -> States:
    """How the profiles are."""
    return {profile.iccid: profile.state for profile in card_state(place).profiles}


def operations(place: Place) -> list[Written]:
    """All that was ever begun, in order."""
    journal = Journal(place.state)
    try:
        rows = journal._read("SELECT function, state, completed, outcome FROM operation ORDER BY id", ())
        return [Written(*row) for row in rows]
    finally:
        journal.close()


def resume_afresh(place: Place) -> None:
    """Resume in a fresh session, which must tell what the unfinished operations did, and nothing else.

    Then send what is not due yet: nobody waits for it here.
    """
    begun = operations(place)
    with session(place, Fate()) as assistant:
        resume(assistant)
        assistant.send_notifications()
        told = {(was.event, str(was.profile.iccid)) for one in assistant.recovered for was in one.changes}
        recovered = [one.function for one in assistant.recovered]
    unfinished = [one.function for one in begun if not one.completed]
    assert recovered == sorted(unfinished, key=lambda function: function == "temporary-enable"), (
        "the moment ends last"
    )
    happened = {(received.event, str(received.iccid)) for received in Ledger(place.server).received}
    assert told <= happened, "it tells of what was not done"
    finished = {event for one in begun if one.completed for event in _EVENTS[one.function]}
    if recovered:
        assert {event for event, _ in happened - told} <= finished, "it does not tell all that was done"


def inquest(place: Place) -> None:
    """Judge what card, disk, server and notes show when everything is over."""
    for one in operations(place):
        assert one.state == CLOSED
        assert "has no signed notification" not in one.outcome, "a loss that was none"
    assert not (place.state / "journal.db-wal").exists(), "the journal was not closed"
    _nothing_is_lost(place)
    _nothing_was_hasty(place)
    _nothing_was_repeated_blindly(place)


def _nothing_is_lost(place: Place) -> None:
    """Each notification that the card ever signed is a receipt, is known to the server, and is removed."""
    card = card_state(place)
    assert card.notifications == ()
    every = list(range(1, card.next_sequence_number))
    receipts = [path.read_bytes() for path in sorted(place.state.rglob("*.der"))]
    assert [Notification.from_tlv(raw).metadata.sequence_number for raw in receipts] == every
    received = Ledger(place.server).received
    assert sorted(one.sequence_number for one in received) == every
    assert {one.raw for one in received} == set(receipts)
    journal = Journal(place.state)
    assert journal.outbox() == ()
    assert journal.lost() == (), "a loss that was none"
    journal.close()


def _nothing_was_hasty(place: Place) -> None:
    """Kept before it was sent; removed only after an acknowledgement that was heard."""
    acknowledged = set()
    for words in place.notes:
        if words[0] == "sent":
            assert words[2] == "kept"
        if words[0] == "acknowledged":
            acknowledged.add(words[1])
        if words[0] == "removed":
            assert words[1] in acknowledged


def _nothing_was_repeated_blindly(place: Place) -> None:
    """Between two commands that change profiles, the card was read."""
    changed = False
    for what, tag in _conversation(place):
        if what == "asked" and tag in _MUTATING:
            assert not changed, f"{tag} was sent without a look at the card"
            changed = True
        if (what, tag) == ("answered", _PROFILES_INFO):
            changed = False


def _conversation(place: Place) -> Iterator[tuple[str, str]]:
    return ((words[0], words[1]) for words in place.notes if words[0] in ("asked", "answered"))
