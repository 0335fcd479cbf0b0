"""The record of the operation that a receipt reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.errors import ConnectFailed, StorageFailed
from lpa.journal import CLOSED, DELETED, DELETING, PROOF_KEPT, REMOVED, SENT, Journal
from lpa.rsp.names import Iccid
from lpa.rsp.records import Profile
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.journals import EID, Clock, signed
from tests.support.notified_servers import Servers

ALBION, NORDLICHT = "8944994000000000017", "8949985000000000025"
DOWN = ConnectFailed("down")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "state", clock=Clock())) as journal:
        yield journal


def test_a_receipt_has_the_record_of_its_operation(journal: Journal) -> None:
    journal.keep(EID, signed("01"))
    with journal.operation(EID, "delete", (), reason="left the operator", memory_before=400_000) as operation:
        journal.keep(EID, signed("02"), signed("03"), operation=operation)
        operation.memory_after = 450_000
        operation.set_state(PROOF_KEPT)
        operation.complete()
    journal.sent(EID, signed("03"), {"address": "smdp.example"})
    record = journal.record_of(EID, signed("03"))
    assert record
    assert (record.function, record.reason, record.begun) == ("delete", "left the operator", 1_000_000.0)
    assert (record.memory_before, record.memory_after, record.state) == (400_000, 450_000, PROOF_KEPT)
    assert record.entry.evidence == {"address": "smdp.example"}
    assert record.entry.notification == signed("03")
    assert journal.record_of(EID, signed("01")) is None
    assert journal.record_of(EID, signed("04")) is None


def test_the_record_has_the_profile_as_it_was(journal: Journal) -> None:
    about = signed().metadata.iccid
    assert about
    before = (Profile(Iccid.parse("8933970000000000048")), Profile(about, service_provider="Albion Mobile"))
    with journal.operation(EID, "delete", before) as operation:
        journal.keep(EID, signed(), operation=operation)
    record = journal.record_of(EID, signed())
    assert record
    assert record.profile
    assert (record.profile.iccid, record.profile.service_provider) == (about, "Albion Mobile")


def test_a_kept_notification_is_assigned_to_the_first_operation_that_it_reports(journal: Journal) -> None:
    journal.keep(EID, signed())
    for function in ("disable", "enable"):
        with journal.operation(EID, function, ()) as operation:
            journal.keep(EID, signed(), operation=operation)
    record = journal.record_of(EID, signed())
    assert record
    assert record.function == "disable"


def test_either_all_of_several_notifications_are_kept_or_none(journal: Journal) -> None:
    journal._database.connection.execute(
        "CREATE TRIGGER full BEFORE INSERT ON notification WHEN new.sequence = 2"
        " BEGIN SELECT raise(ABORT, 'database or disk is full'); END"
    )
    with pytest.raises(StorageFailed, match="is full"):
        journal.keep(EID, signed("01"), signed("02"))
    assert journal.outbox() == ()


def test_a_deletion_has_a_record_for_its_receipt(
    assistant: Assistant, euicc: SimulatedEuicc, journal: Journal
) -> None:
    plan = assistant.review_deletion(assistant.plan_deletion(euicc.profiles[1].iccid))
    outcome = assistant.delete(plan, "left the operator")
    (receipt,) = assistant.receipts.of(assistant.eid)
    record = journal.record_of(assistant.eid, receipt.notification)
    assert record
    assert (record.function, record.reason) == ("delete", "left the operator")
    assert record.memory_before == plan.free_memory
    assert (
        record.memory_after == outcome.free_memory == assistant.euicc.euicc_info2().resource.free_non_volatile
    )
    assert record.memory_before
    assert record.memory_after
    assert record.memory_after > record.memory_before


def test_without_a_review_the_free_memory_is_not_read(
    assistant: Assistant, euicc: SimulatedEuicc, journal: Journal
) -> None:
    outcome = assistant.delete(assistant.plan_deletion(euicc.profiles[1].iccid))
    (receipt,) = assistant.receipts.of(assistant.eid)
    record = journal.record_of(assistant.eid, receipt.notification)
    assert record
    assert (record.memory_before, record.memory_after, outcome.free_memory) == (None, None, None)


def test_the_state_of_the_record_follows_its_notifications(journal: Journal) -> None:
    """SENT and REMOVED are derived from the notifications."""
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


def test_an_operation_that_is_not_completed_is_removed_and_not_closed(journal: Journal) -> None:
    """Its result was not reported yet."""
    with journal.operation(EID, "delete", ()) as operation:
        journal.keep(EID, signed("02"), operation=operation)
        operation.set_state(PROOF_KEPT)
    journal.sent(EID, signed("02"), {})
    journal.removed(EID, signed("02"))
    assert _state(journal) == REMOVED
    assert [left.function for left in journal.unfinished()] == ["delete"]


def test_an_abandoned_notification_keeps_no_operation_open(journal: Journal) -> None:
    with journal.operation(EID, "delete", ()) as operation:
        journal.keep(EID, signed("02"), operation=operation)
        operation.set_state(PROOF_KEPT)
        operation.complete()
    journal.abandon(EID, signed("02"))
    assert _state(journal) == CLOSED


def _state(journal: Journal) -> str:
    record = journal.record_of(EID, signed("02"))
    assert record
    return record.state


@pytest.mark.parametrize(
    "change",
    [
        lambda assistant: assistant.enable(NORDLICHT),
        lambda assistant: assistant.disable(ALBION),
        lambda assistant: assistant.delete(assistant.plan_deletion(NORDLICHT)),
    ],
)
def test_an_operation_stays_at_proof_kept_until_every_server_acknowledged(
    change: Callable[[Assistant], object], euicc: SimulatedEuicc, tmp_path: Path
) -> None:
    servers = Servers(albion_smdp_example=DOWN, nordlicht_smdp_example=DOWN)
    with Assistant(euicc, state_dir=tmp_path, servers=servers) as assistant:
        change(assistant)
        assert states(assistant) == {PROOF_KEPT}
        servers.faults.clear()
        assistant.send_notifications()
        assert states(assistant) == {CLOSED}


def states(assistant: Assistant) -> set[str]:
    """The states of the operations that the receipts of the card belong to."""
    receipts = assistant.receipts.of(assistant.eid)
    records = [assistant.journal.record_of(assistant.eid, receipt.notification) for receipt in receipts]
    return {record.state for record in records if record}
