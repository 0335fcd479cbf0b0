"""Kept notifications are sent in order, when they are due, and by one process at a time."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.errors import BadAnswer, CardBusy, ConnectFailed, LpaError, Postponed, ServerRefused, StorageFailed
from lpa.host.locks import Holder, Locks
from lpa.journal import Journal
from lpa.notifications.receipts import Receipt, Receipts
from lpa.notifications.send_queue import SendQueue, pending, with_predecessors
from lpa.rsp.names import Eid
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.rsp.records import Notification
from tests.support.disturbed import DisturbedCard
from tests.support.forgery import BODY, Chain
from tests.support.journals import EID, OTHER, Clock, addressed, signed
from tests.support.notified_servers import Servers, card_with
from tests.support.recovery import resume

THIRD = Eid.parse("89049032123451234512345678905678")
REFUSED = ServerRefused("HandleNotification", "8.1", "6.1", "no")
DOWN = ConnectFailed("down")
SENT = 0xBF30  # NotificationSent


@pytest.fixture
def clock() -> Clock:
    return Clock(1_700_000_000.0)


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "state", clock=clock)) as journal:
        yield journal


def times(journal: Journal) -> list[tuple[int, float]]:
    """The number of each pending notification, and in how many seconds it is due; infinite for never."""
    return [
        (
            one.entry.notification.metadata.sequence_number,
            one.next_try.timestamp() - journal.clock() if one.next_try else math.inf,
        )
        for one in pending(journal)
    ]


def test_one_that_was_never_tried_is_due_at_once(journal: Journal) -> None:
    journal.keep(EID, signed("07"))
    assert times(journal) == [(7, 0.0)]


def test_a_later_one_for_the_same_server_waits_for_the_earlier_one(journal: Journal) -> None:
    journal.keep(EID, signed("07"), signed("08"))
    journal.failed(EID, signed("07"), DOWN)
    (_, earlier), (_, later) = times(journal)
    assert earlier == later
    assert 54 <= earlier <= 66


@pytest.mark.parametrize("refusal", [REFUSED, BadAnswer("500")])
def test_one_that_the_server_refused_holds_back_nothing(refusal: LpaError, journal: Journal) -> None:
    journal.keep(EID, signed("07"), signed("08"))
    journal.failed(EID, signed("07"), refusal)
    (_, earlier), (_, later) = times(journal)
    assert earlier > 50
    assert later == 0


def test_a_held_one_is_never_due_and_the_later_ones_for_its_server_wait(journal: Journal) -> None:
    journal.keep(EID, signed("07"))
    journal.keep(EID, signed("08"), held=True)
    journal.keep(EID, signed("09"), addressed("0A", "o.p"))
    journal.keep(OTHER, signed("0B"))
    assert times(journal) == [(7, 0.0), (8, math.inf), (9, math.inf), (10, 0.0), (11, 0.0)]
    queue = SendQueue(journal, Servers())
    assert [one.sequence_number for one in queue.send_due_of_others(THIRD)] == [7, 10, 11]
    assert [one.acknowledged for one in queue.send_all(journal.outbox(EID))] == [True] * 4


def test_a_held_one_that_the_server_refused_holds_back_nothing(journal: Journal) -> None:
    journal.keep(EID, signed("07"), held=True)
    journal.keep(EID, signed("08"))
    journal.failed(EID, signed("07"), REFUSED)
    assert times(journal) == [(7, math.inf), (8, 0.0)]


def test_cards_do_not_wait_for_each_other(journal: Journal) -> None:
    journal.keep(EID, signed("07"))
    journal.keep(OTHER, signed("08"))
    journal.failed(EID, signed("07"), DOWN)
    assert [wait > 0 for _, wait in times(journal)] == [True, False]


def test_a_next_try_that_a_wrong_clock_set_years_ahead_is_due(journal: Journal, clock: Clock) -> None:
    journal.keep(EID, signed())
    clock.now += 10 * 365 * 86400
    journal.failed(EID, signed(), DOWN)
    clock.now -= 10 * 365 * 86400
    assert times(journal) == [(7, 0.0)]


def test_one_that_is_not_tried_because_its_server_is_unreachable_counts_no_attempt(journal: Journal) -> None:
    journal.keep(EID, signed("07"), signed("08"))
    servers = Servers(a_b=DOWN)
    first, second = SendQueue(journal, servers).send_all(journal.outbox())
    assert len(servers.asked) == 1
    assert first.problem is second.problem is DOWN
    assert [entry.attempts for entry in journal.outbox()] == [1, 0]
    assert first.next_try
    assert first.next_try == second.next_try


def test_notifications_are_sent_by_card_and_number(journal: Journal) -> None:
    numbers = ["7F", "03", "10"]
    for number in numbers:
        journal.keep(EID, signed(number))
        journal.keep(OTHER, signed(number))
    deliveries = SendQueue(journal, Servers()).send_all(journal.outbox())
    assert [delivery.sequence_number for delivery in deliveries] == [3, 16, 127, 3, 16, 127]
    assert {entry.sent for entry in journal.outbox()} == {journal.clock()}


def test_the_ci_keys_are_those_that_the_card_listed_when_it_signed(journal: Journal) -> None:
    """Only if the card listed none, they are those that the notification names."""
    chain = Chain()
    listed, certified = KeyIdentifier(b"\1" * 20), KeyIdentifier(chain.ci.identifier)
    for number, ci_pkids in enumerate(([listed], [], None), 1):
        body = BODY.replace(bytes.fromhex("800107"), bytes([0x80, 1, number]))
        journal.keep(EID, Notification.from_tlv(chain.notification(body)), ci_pkids=ci_pkids)
    servers = Servers()
    SendQueue(journal, servers).send_all(journal.outbox())
    assert servers.ci_pkids == [(listed,), (), (certified,)]


def test_what_is_due_of_other_cards_is_sent_and_nothing_of_this_one(journal: Journal) -> None:
    journal.keep(EID, signed("01"))
    journal.keep(OTHER, signed("02"), signed("03"))
    journal.failed(OTHER, signed("03"), DOWN)
    servers = Servers()
    (delivery,) = SendQueue(journal, servers).send_due_of_others(EID)
    assert (delivery.sequence_number, delivery.acknowledged, delivery.removed) == (2, True, False)
    assert len(servers.asked) == 1


def test_a_card_that_another_process_has_locked_is_skipped(journal: Journal, tmp_path: Path) -> None:
    journal.keep(OTHER, signed("02"))
    with closing(Journal(tmp_path / "state")) as another, another.lock(OTHER):
        assert SendQueue(journal, Servers()).send_due_of_others(EID) == ()


def test_notifications_of_a_locked_card_stay_pending(journal: Journal, tmp_path: Path) -> None:
    """These locks do not wait. The notifications of other cards are sent."""
    journal.keep(EID, signed("01"))
    journal.keep(OTHER, signed("02"))
    servers = Servers()
    with closing(Journal(tmp_path / "state")) as another, another.lock(EID):
        left, sent = SendQueue(journal, servers).send_all(journal.outbox())
    assert isinstance(left.problem, CardBusy)
    assert (left.acknowledged, sent.acknowledged, len(servers.asked)) == (False, True, 1)
    assert [entry.attempts for entry in journal.outbox(EID)] == [0]
    assert SendQueue(journal, servers).send_all(journal.outbox())[0].acknowledged


def test_what_another_process_sent_during_the_wait_is_not_sent_again(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with closing(Journal(folder)) as another, contextlib.ExitStack() as held:

        def send_and_release(_: Holder) -> None:
            another.sent(EID, signed("01"), {})
            held.close()

        locks = Locks(folder, on_wait=send_and_release)
        with closing(Journal(folder, locks=locks)) as journal:
            journal.keep(EID, signed("01"))
            held.enter_context(another.lock(EID))
            servers = Servers()
            (delivery,) = SendQueue(journal, servers).send_all(journal.outbox())
    assert (delivery.acknowledged, servers.asked) == (True, [])


def test_what_a_person_abandoned_during_the_wait_is_not_sent(journal: Journal) -> None:
    journal.keep(EID, signed("01"), signed("02"))
    entries = journal.outbox()
    journal.abandon(EID, signed("01"))
    (delivery,) = SendQueue(journal, Servers()).send_all(entries)
    assert delivery.sequence_number == 2


def test_a_lock_that_cannot_be_opened_does_not_stop_other_cards(journal: Journal, tmp_path: Path) -> None:
    journal.keep(EID, signed("01"))
    with journal.lock(EID):
        (lock,) = (tmp_path / "state").glob("*.lock")
    lock.unlink()
    lock.symlink_to("/dev/null")
    journal.keep(OTHER, signed("02"))
    left, sent = SendQueue(journal, Servers()).send_all(journal.outbox())
    assert isinstance(left.problem, StorageFailed)
    assert (left.acknowledged, sent.acknowledged) == (False, True)
    journal.keep(OTHER, signed("03"))
    assert [one.sequence_number for one in SendQueue(journal, Servers()).send_due_of_others(THIRD)] == [3]


def test_sending_what_is_due_does_not_wait_for_a_lock(tmp_path: Path) -> None:
    folder, notices = tmp_path / "state", list[Holder]()
    with (
        closing(Journal(folder)) as another,
        closing(Journal(folder, locks=Locks(folder, on_wait=notices.append))) as journal,
        another.lock(OTHER),
    ):
        journal.keep(OTHER, signed("02"))
        assert SendQueue(journal, Servers()).send_due_of_others(EID) == ()
    assert notices == []


def test_what_is_due_of_no_known_card_is_sent_with_that_of_other_cards(journal: Journal) -> None:
    journal.keep(None, signed("01"))
    journal.keep(EID, signed("02"))
    (delivery,) = SendQueue(journal, Servers()).send_due_of_others(EID)
    assert delivery.sequence_number == 1


def test_an_acknowledgement_that_cannot_be_recorded_is_reported(journal: Journal) -> None:
    journal.keep(EID, signed())
    (entry,) = journal.outbox()
    journal._database.connection.execute("PRAGMA query_only = ON")
    delivery = SendQueue(journal, Servers()).send(entry)
    assert delivery.acknowledged
    assert delivery.problem


# With a card


def test_a_new_notification_waits_for_an_earlier_one_that_is_not_due(tmp_path: Path) -> None:
    euicc = card_with("slow.example")
    servers = Servers(slow_example=DOWN)
    with Assistant(euicc, state_dir=tmp_path, servers=servers) as assistant:
        assistant.enable(euicc.profiles[1].iccid)
        servers.faults.clear()
        servers.asked.clear()
        outcome = assistant.disable(euicc.profiles[1].iccid)
        slow = [delivery for delivery in outcome.deliveries if delivery.address == "slow.example"]
        assert [delivery.event for delivery in slow] == ["enable", "disable"]
        for delivery in slow:
            assert isinstance(delivery.problem, Postponed)
            assert delivery.receipt
            assert delivery.next_try
            assert delivery.next_try > datetime.now(UTC)
        assert servers.asked == []
        assert assistant.send_due_notifications() == ()
        sent = assistant.send_notifications()
        events = [delivery.event for delivery in sent if delivery.address == "slow.example"]
        assert events == ["enable", "disable"]
        assert all(delivery.removed for delivery in sent)


def test_an_earlier_notification_that_is_due_is_sent_before_a_new_one(tmp_path: Path) -> None:
    euicc = card_with("slow.example")
    servers = Servers(slow_example=DOWN)
    with Assistant(euicc, state_dir=tmp_path, servers=servers) as assistant:
        assistant.enable(euicc.profiles[1].iccid)
        servers.faults.clear()
        assistant.journal._write("UPDATE notification SET next_try = 1", ())
        outcome = assistant.disable(euicc.profiles[1].iccid)
        slow = [(one.event, one.removed) for one in outcome.deliveries if one.address == "slow.example"]
        assert slow == [("enable", True), ("disable", True)]


def test_an_acknowledged_notification_is_not_pending_but_still_removed_from_the_card(tmp_path: Path) -> None:
    euicc = card_with("good.example")
    card = DisturbedCard(euicc)
    with Assistant(card, state_dir=tmp_path, servers=Servers()) as assistant:
        plan = assistant.plan_deletion(euicc.profiles[1].iccid)
        card.instead(SENT, "6F00")
        (delivery,) = assistant.delete(plan).deliveries
        assert (delivery.acknowledged, delivery.removed) == (True, False)
        assert delivery.problem
        assert assistant.pending_notifications() == ()
        (delivery,) = resume(assistant)
        assert (delivery.acknowledged, delivery.removed) == (True, True)


def test_one_that_is_recorded_as_removed_and_still_on_the_card_is_removed_again(tmp_path: Path) -> None:
    euicc = card_with("good.example")
    servers = Servers()
    with Assistant(euicc, state_dir=tmp_path, servers=servers) as assistant:
        assistant.euicc.delete_profile(assistant.profiles()[1].iccid)
        (metadata,) = assistant.notifications()
        notification = assistant.euicc.retrieve_notification(metadata.sequence_number)
        assert notification
        assistant._outbox().keep([notification])
        assistant.journal.sent(assistant.eid, notification, {})
        assistant.journal.removed(assistant.eid, notification)
        (delivery,) = assistant.send_notifications()
        assert delivery.removed
        assert servers.asked == []
        assert list(assistant.notifications()) == []


def test_what_is_due_of_a_locked_card_is_left_to_the_other_process(tmp_path: Path) -> None:
    euicc = card_with("good.example")
    servers = Servers(good_example=DOWN)
    with Assistant(euicc, state_dir=tmp_path, servers=servers) as assistant:
        assistant.enable(euicc.profiles[1].iccid)
        assistant.journal._write("UPDATE notification SET next_try = 1", ())
        with closing(Journal(tmp_path)) as another, another.lock(assistant.eid):
            assert assistant.send_due_notifications() == ()
        assert len(assistant.send_due_notifications()) == 1


def test_nothing_of_a_card_is_sent_while_another_process_has_locked_it(tmp_path: Path) -> None:
    euicc = card_with("good.example")
    with Assistant(euicc, state_dir=tmp_path, servers=Servers(good_example=DOWN)) as assistant:
        assistant.enable(euicc.profiles[1].iccid)
    servers = Servers()
    with (
        Assistant(euicc, state_dir=tmp_path, servers=servers) as assistant,
        closing(Journal(tmp_path)) as another,
        another.lock(assistant.eid),
    ):
        for send in (assistant.send_notifications, assistant._outbox().send_pending_if_due):
            with pytest.raises(CardBusy):
                send()
    assert servers.asked == []


def test_one_that_was_acknowledged_without_its_card_is_removed_when_the_card_is_back(tmp_path: Path) -> None:
    euicc = card_with("good.example")
    with Assistant(euicc, state_dir=tmp_path, servers=Servers(good_example=DOWN)) as assistant:
        assistant.enable(euicc.profiles[1].iccid)
    with closing(Journal(tmp_path)) as journal:
        SendQueue(journal, Servers()).send_all(journal.outbox())
    servers = Servers()
    with Assistant(euicc, state_dir=tmp_path, servers=servers) as assistant:
        assert [delivery.removed for delivery in assistant.send_due_notifications()] == [True]
        assert list(assistant.notifications()) == []
        assert assistant.send_due_notifications() == ()
    assert servers.asked == []


def test_send_notifications_sends_the_notifications_of_every_card(tmp_path: Path) -> None:
    with Assistant(card_with("good.example"), state_dir=tmp_path, servers=Servers()) as assistant:
        assistant.journal.keep(OTHER, signed("07"))
        assistant.journal.failed(OTHER, signed("07"), DOWN)
        (delivery,) = assistant.send_notifications()
        assert (delivery.sequence_number, delivery.acknowledged, delivery.removed) == (7, True, False)


def test_a_later_one_waits_for_an_earlier_one_whose_receipt_cannot_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Receipts, eid: Eid, notification: Notification) -> Receipt:
        if notification.metadata.event == "enable":
            raise StorageFailed("the disk is full")
        return real(self, eid, notification)

    euicc = card_with("slow.example")
    servers = Servers(slow_example=DOWN)
    with Assistant(euicc, state_dir=tmp_path, servers=servers) as assistant:
        assistant.enable(euicc.profiles[1].iccid)
        assistant.disable(euicc.profiles[1].iccid)
        servers.faults.clear()
        servers.asked.clear()
        real = Receipts.keep
        monkeypatch.setattr(Receipts, "keep", full)
        sent = assistant.send_notifications()
    slow = [delivery.acknowledged for delivery in sent if delivery.address == "slow.example"]
    assert slow == [False, False]


def test_two_spellings_of_an_address_are_one_queue(journal: Journal) -> None:
    journal.keep(EID, signed("07"), addressed("08", "A.B"), addressed("09", "a.c"))
    journal.failed(EID, signed("07"), DOWN)
    assert [wait > 0 for _, wait in times(journal)] == [True, True, False]


def test_predecessors_are_of_the_same_card_and_server_and_not_acknowledged(
    journal: Journal,
) -> None:
    acknowledged, older, own, between, last = map(signed, ("01", "02", "03", "04", "05"))
    journal.keep(EID, acknowledged, older, own, between, last, signed("06"), addressed("02", "a.c"))
    journal.keep(OTHER, signed("02"))
    journal.sent(EID, acknowledged, {})
    entries = [entry for entry in journal.outbox(EID) if entry.notification in (own, last)]
    assert {(entry.eid, entry.notification.raw) for entry in with_predecessors(journal, entries)} == {
        (EID, one.raw) for one in (older, own, between, last)
    }
    assert len(with_predecessors(journal, entries)) == 4
