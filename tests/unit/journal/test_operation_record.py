"""What is noted about the operation that a receipt tells of, and that it survives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.errors import StorageFailed
from lpa.journal import CLOSED, DELETED, DELETING, PROOF_KEPT, REMOVED, SENT, Journal
from lpa.rsp.names import Iccid
from lpa.rsp.records import Profile
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.journals import EID, Clock, signed


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "state", clock=Clock())) as journal:
        yield journal


def test_a_receipt_has_the_story_of_its_operation(journal: Journal) -> None:
    journal.keep(EID, signed("01"))
    with journal.operation(EID, "delete", (), reason="left the operator", memory_before=400_000) as operation:
        journal.keep(EID, signed("02"), signed("03"), operation=operation)
        operation.memory_after = 450_000
        operation.set_state(PROOF_KEPT)
        operation.complete()
    journal.sent(EID, signed("03"), {"address": "smdp.example"})
    story = journal.record_of(EID, signed("03"))
    assert story
    assert (story.function, story.reason, story.begun) == ("delete", "left the operator", 1_000_000.0)
    assert (story.memory_before, story.memory_after, story.state) == (400_000, 450_000, PROOF_KEPT)
    assert story.entry.evidence == {"address": "smdp.example"}
    assert story.entry.notification == signed("03")
    assert journal.record_of(EID, signed("01")) is None
    assert journal.record_of(EID, signed("04")) is None


def test_the_story_names_the_profile_as_it_was(journal: Journal) -> None:
    about = signed().metadata.iccid
    assert about
    before = (Profile(Iccid.parse("8933970000000000048")), Profile(about, service_provider="Albion Mobile"))
    with journal.operation(EID, "delete", before) as operation:
        journal.keep(EID, signed(), operation=operation)
    story = journal.record_of(EID, signed())
    assert story
    assert story.profile
    assert (story.profile.iccid, story.profile.service_provider) == (about, "Albion Mobile")


def test_a_notification_that_was_kept_before_it_was_known_whose_it_is_is_told_later(journal: Journal) -> None:
    journal.keep(EID, signed())
    for function in ("disable", "enable"):
        with journal.operation(EID, function, ()) as operation:
            journal.keep(EID, signed(), operation=operation)
    story = journal.record_of(EID, signed())
    assert story
    assert story.function == "disable"


def test_of_several_either_all_are_kept_or_none(journal: Journal) -> None:
    journal._database.connection.execute(
        "CREATE TRIGGER full BEFORE INSERT ON notification WHEN new.sequence = 2"
        " BEGIN SELECT raise(ABORT, 'database or disk is full'); END"
    )
    with pytest.raises(StorageFailed, match="is full"):
        journal.keep(EID, signed("01"), signed("02"))
    assert journal.outbox() == ()


def test_a_deletion_leaves_its_story_with_each_of_its_receipts(
    assistant: Assistant, euicc: SimulatedEuicc, journal: Journal
) -> None:
    plan = assistant.review_deletion(assistant.plan_deletion(euicc.profiles[1].iccid))
    outcome = assistant.delete(plan, "left the operator")
    (receipt,) = assistant.receipts.of(assistant.eid)
    story = journal.record_of(assistant.eid, receipt.notification)
    assert story
    assert (story.function, story.reason) == ("delete", "left the operator")
    assert story.memory_before == plan.free_memory
    assert (
        story.memory_after == outcome.memory_after == assistant.euicc.euicc_info2().resource.free_non_volatile
    )
    assert story.memory_before
    assert story.memory_after
    assert story.memory_after > story.memory_before


def test_without_a_closer_look_the_memory_is_not_asked_for(
    assistant: Assistant, euicc: SimulatedEuicc, journal: Journal
) -> None:
    outcome = assistant.delete(assistant.plan_deletion(euicc.profiles[1].iccid))
    (receipt,) = assistant.receipts.of(assistant.eid)
    story = journal.record_of(assistant.eid, receipt.notification)
    assert story
    assert (story.memory_before, story.memory_after, outcome.memory_after) == (None, None, None)


def test_the_story_goes_on_while_its_notifications_are_on_their_way(journal: Journal) -> None:
    """SENT and REMOVED follow from where the notifications are, so they cannot say anything else."""
    with journal.operation(EID, "delete", ()) as operation:
        operation.set_state(DELETING)
        operation.set_state(DELETED)
        journal.keep(EID, signed("02"), signed("03"), operation=operation)
        operation.set_state(PROOF_KEPT)
        operation.complete()
    states = [_state(journal)]
    for number in ("02", "03"):
        journal.sent(EID, signed(number), {})
        states.append(_state(journal))
    journal.removed(EID, signed("02"))
    states.append(_state(journal))
    journal.removed(EID, signed("03"))
    assert [*states, _state(journal)] == [PROOF_KEPT, PROOF_KEPT, SENT, SENT, CLOSED]
    assert journal.unfinished() == ()


def test_one_that_was_not_settled_is_cleared_and_not_closed(journal: Journal) -> None:
    """Whoever wanted it has not heard of it yet."""
    with journal.operation(EID, "delete", ()) as operation:
        journal.keep(EID, signed("02"), operation=operation)
        operation.set_state(PROOF_KEPT)
    journal.sent(EID, signed("02"), {})
    journal.removed(EID, signed("02"))
    assert _state(journal) == REMOVED
    assert [left.function for left in journal.unfinished()] == ["delete"]


def test_a_notification_that_was_given_up_holds_no_operation_open(journal: Journal) -> None:
    with journal.operation(EID, "delete", ()) as operation:
        journal.keep(EID, signed("02"), operation=operation)
        operation.set_state(PROOF_KEPT)
        operation.complete()
    journal.abandon(EID, signed("02"))
    assert _state(journal) == CLOSED


def _state(journal: Journal) -> str:
    story = journal.record_of(EID, signed("02"))
    assert story
    return story.state
