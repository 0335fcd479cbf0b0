"""Recovery completes operations that were interrupted, and reports what they changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.errors import CardRemoved, OutcomeUnknown, StorageFailed
from lpa.journal import DELETED, DELETING, DISABLING, ENABLED, ENABLING, PLANNED, PROOF_KEPT, UNKNOWN, Journal
from lpa.notifications.sender import ServerFactory
from lpa.rsp.names import Eid
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.disturbed import DisturbedCard
from tests.support.recovery import resume
from tests.support.unfinished import (
    DELETE,
    DISABLE,
    EID,
    ENABLE,
    PROFILES,
    RESET,
    RETRIEVE,
    SENT,
    iccid,
    interrupt,
    outcomes,
    received,
    reported,
)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "state")) as journal:
        yield journal


def test_a_planned_operation_is_closed_and_the_card_is_not_changed(
    assistant: Assistant, card: DisturbedCard, smdp: SimulatedSmdp, journal: Journal
) -> None:
    interrupt(assistant, "delete", PLANNED)
    card.requests.clear()
    assistant.recover()
    (recovered,) = assistant.recovered
    assert (recovered.function, recovered.changes, recovered.deliveries) == ("delete", (), ())
    assert set(card.requests) == {EID, PROFILES}
    assert outcomes(journal) == [("CLOSED", "nothing was done")]
    assert smdp.received == ()


@pytest.mark.parametrize(
    ("function", "state"),
    [
        ("enable", ENABLING),
        ("disable", DISABLING),
        ("delete", DELETING),
        ("reset", DELETING),
        ("delete", UNKNOWN),
    ],
)
def test_an_operation_that_changed_nothing_is_reported_and_not_repeated(
    function: str,
    state: str,
    assistant: Assistant,
    card: DisturbedCard,
    smdp: SimulatedSmdp,
    journal: Journal,
) -> None:
    interrupt(assistant, function, state)
    card.requests.clear()
    resume(assistant)
    (recovered,) = assistant.recovered
    assert (recovered.function, recovered.changes) == (function, ())
    assert not {ENABLE, DISABLE, DELETE, RESET} & set(card.requests)
    assert outcomes(journal) == [("CLOSED", "")]
    assert smdp.received == ()


@pytest.mark.parametrize("state", [DELETING, DELETED, UNKNOWN])
def test_a_deletion_that_was_carried_out_is_reported_and_its_notification_delivered(
    state: str, assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp, journal: Journal
) -> None:
    victim = iccid(euicc, 1)
    interrupt(assistant, "delete", state, lambda: assistant.euicc.delete_profile(victim))
    (recovered,) = assistant.recover()
    assert reported(assistant) == [("delete", "delete", str(victim))]
    (delivery,) = recovered.deliveries
    assert delivery.acknowledged
    assert delivery.removed
    assert delivery.receipt
    assert received(smdp) == [("delete", str(victim))]
    assert outcomes(journal) == [("CLOSED", "")]


@pytest.mark.parametrize("state", [ENABLING, ENABLED, UNKNOWN])
def test_a_switch_that_was_carried_out_is_reported_with_the_disabled_profile(
    state: str, assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    old, new = iccid(euicc, 0), iccid(euicc, 1)
    interrupt(assistant, "enable", state, lambda: assistant.euicc.enable_profile(new, refresh=False))
    assistant.recover()
    assert reported(assistant) == [("enable", "disable", str(old)), ("enable", "enable", str(new))]
    assert sorted(received(smdp)) == [("disable", str(old)), ("enable", str(new))]


def test_a_switch_that_needs_a_refresh_is_carried_out_by_the_reset(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    new = iccid(euicc, 1)
    interrupt(assistant, "enable", ENABLING, lambda: assistant.euicc.enable_profile(new, refresh=True))
    assistant.recover()
    assert ("enable", "enable", str(new)) in reported(assistant)
    assert len(smdp.received) == 2


def test_a_memory_reset_that_was_carried_out_is_reported_for_every_profile(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    every = [profile.iccid for profile in euicc.profiles]
    interrupt(
        assistant, "reset", DELETING, lambda: assistant.euicc.memory_reset(["deleteOperationalProfiles"])
    )
    assistant.recover()
    assert reported(assistant) == [("reset", "delete", one) for one in every]
    assert len(smdp.received) == 3


def test_a_kept_notification_is_sent_although_the_card_no_longer_has_it(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp, journal: Journal
) -> None:
    victim = iccid(euicc, 1)

    def delete_and_keep() -> None:
        assistant.euicc.delete_profile(victim)
        (signed,) = assistant.euicc.retrieve_notifications()
        journal.keep(assistant.eid, signed)
        assistant.euicc.notification_sent(signed.metadata.sequence_number)

    interrupt(assistant, "delete", PROOF_KEPT, delete_and_keep)
    assert resume(assistant) == ()
    ((delivery,),) = (recovered.deliveries for recovered in assistant.recovered)
    assert reported(assistant) == [("delete", "delete", str(victim))]
    assert delivery.acknowledged
    assert delivery.receipt
    assert delivery.receipt.path.read_bytes() == smdp.received[0].raw
    assert received(smdp) == [("delete", str(victim))]
    assert outcomes(journal) == [("CLOSED", "")]
    assert journal.outbox() == ()


def test_an_acknowledged_notification_is_not_sent_again_but_removed(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp, journal: Journal
) -> None:
    def delete_and_send() -> None:
        assistant.euicc.delete_profile(iccid(euicc, 1))
        (signed,) = assistant.euicc.retrieve_notifications()
        assistant._outbox().keep([signed])
        journal.sent(assistant.eid, signed, {})

    interrupt(assistant, "delete", PROOF_KEPT, delete_and_send)
    assert resume(assistant) == ()
    ((delivery,),) = (recovered.deliveries for recovered in assistant.recovered)
    assert delivery.removed
    assert smdp.received == ()
    assert euicc.notifications == ()


def test_a_receipt_without_an_entry_in_the_journal_belongs_to_an_earlier_operation(
    assistant: Assistant, euicc: SimulatedEuicc, journal: Journal
) -> None:
    victim = iccid(euicc, 1)
    assistant.euicc.delete_profile(victim)
    (older,) = assistant.euicc.retrieve_notifications()
    assistant.receipts.keep(assistant.eid, older)
    interrupt(assistant, "delete", DELETING)
    assistant.recover()
    assert reported(assistant) == []


def test_a_notification_that_the_card_dropped_before_it_was_kept_is_reported_as_lost(
    servers: ServerFactory, euicc: SimulatedEuicc, smdp: SimulatedSmdp, tmp_path: Path, journal: Journal
) -> None:
    small = SimulatedEuicc.create(
        None, behaviour=Behaviour(notification_capacity=1), authority=euicc.authority
    )
    victim, other = iccid(small, 1), iccid(small, 2)
    with Assistant(small, state_dir=tmp_path / "state", servers=servers) as assistant:
        interrupt(assistant, "delete", DELETING, lambda: assistant.euicc.delete_profile(victim))
        # Another program: its notifications push out the one of the deletion.
        assistant.euicc.enable_profile(other, refresh=False)
        (recovered,) = assistant.recover()
    lost = next(delivery for delivery in recovered.deliveries if delivery.iccid == victim)
    assert (lost.sequence_number, lost.receipt, lost.acknowledged) == (None, None, False)
    assert lost.problem
    assert "has no signed notification for nordlicht.smdp.example" in lost.problem.message
    ((state, outcome),) = outcomes(journal)
    assert state == "CLOSED"
    assert "has no signed notification for nordlicht.smdp.example" in outcome


def test_an_operation_on_another_card_stays_unfinished_until_that_card_is_read(
    assistant: Assistant, servers: ServerFactory, euicc: SimulatedEuicc, smdp: SimulatedSmdp, tmp_path: Path
) -> None:
    victim = iccid(euicc, 1)
    interrupt(assistant, "delete", DELETING, lambda: assistant.euicc.delete_profile(victim))
    other = DisturbedCard(SimulatedEuicc.create(None, authority=euicc.authority))
    with Assistant(other, state_dir=tmp_path / "state", servers=servers) as elsewhere:
        other.requests.clear()
        assert elsewhere.recover() == ()
        assert resume(elsewhere) == ()
        assert not {ENABLE, DISABLE, DELETE, RESET, RETRIEVE, SENT} & set(other.requests)
        (left,) = elsewhere.journal.unfinished()
    assert left.eid == Eid.parse(euicc.eid)
    assert smdp.received == ()
    assistant.recover()
    assert received(smdp) == [("delete", str(victim))]


def test_deletions_by_another_program_without_notifications_are_reported_as_lost(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp, journal: Journal
) -> None:
    def reset_and_remove_notifications() -> None:
        assistant.euicc.memory_reset(["deleteOperationalProfiles"])
        for notification in assistant.notifications():
            assistant.euicc.notification_sent(notification.sequence_number)

    every = [profile.iccid for profile in euicc.profiles]
    interrupt(assistant, "disable", DISABLING)
    reset_and_remove_notifications()
    (recovered,) = assistant.recover()
    assert reported(assistant) == [("disable", "delete", one) for one in every]
    assert len(recovered.deliveries) == 3
    assert all("has no signed notification" in str(delivery.problem) for delivery in recovered.deliveries)
    assert smdp.received == ()
    ((state, outcome),) = outcomes(journal)
    assert (state, outcome.count("has no signed notification")) == ("CLOSED", 3)


def test_a_profile_that_cannot_be_read_leaves_the_operation_unfinished(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp, journal: Journal
) -> None:
    victim = iccid(euicc, 1)
    interrupt(assistant, "delete", DELETING, lambda: assistant.euicc.delete_profile(victim))
    card.instead(PROFILES, "BF2D06 A004 E302 9500 9000")
    with pytest.raises(OutcomeUnknown, match="'delete' was interrupted"):
        assistant.recover()
    assert [left.state for left in journal.unfinished()] == [DELETING]
    assert assistant.recovered == ()
    assistant.recover()
    assert reported(assistant) == [("delete", "delete", str(victim))]


def test_no_change_begins_while_an_outcome_is_unknown(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    interrupt(assistant, "delete", DELETING)
    card.instead(PROFILES, "BF2D06 A004 E302 9500 9000")
    card.requests.clear()
    with pytest.raises(OutcomeUnknown):
        assistant.enable(iccid(euicc, 1))
    assert ENABLE not in card.requests


def test_a_card_that_is_removed_before_it_is_read_leaves_the_operation_unfinished(
    assistant: Assistant, euicc: SimulatedEuicc, journal: Journal
) -> None:
    interrupt(assistant, "delete", DELETING)
    euicc.faults.add("before GetProfilesInfo: unplug")
    with pytest.raises(OutcomeUnknown, match="cannot be read again"):
        assistant.recover()
    assert [left.state for left in journal.unfinished()] == [DELETING]


def test_a_card_that_is_removed_before_its_notifications_are_read_leaves_the_operation_unfinished(
    assistant: Assistant, euicc: SimulatedEuicc, journal: Journal
) -> None:
    interrupt(assistant, "delete", DELETING, lambda: assistant.euicc.delete_profile(iccid(euicc, 1)))
    euicc.faults.add("before RetrieveNotificationsList: unplug")
    (recovered,) = assistant.recover()
    (delivery,) = recovered.deliveries
    assert isinstance(delivery.problem, CardRemoved)
    assert [left.state for left in journal.unfinished()] == [DELETED]


def test_recovery_collects_a_notification_that_the_journal_could_not_store(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp, journal: Journal
) -> None:
    """A receipt alone would pass for one of an earlier operation: so the journal comes first."""
    victim = euicc.profiles[1].iccid
    full = "BEFORE INSERT ON notification BEGIN SELECT raise(ABORT, 'database or disk is full'); END"
    journal._database.connection.execute(f"CREATE TRIGGER full {full}")
    (failed,) = assistant.delete(assistant.plan_deletion(victim)).deliveries
    assert isinstance(failed.problem, StorageFailed)
    journal._database.connection.execute("DROP TRIGGER full")
    (recovered,) = assistant.recover()
    assert [delivery.removed for delivery in recovered.deliveries] == [True]
    assert received(smdp) == [("delete", victim)]
    assert journal.lost() == ()
