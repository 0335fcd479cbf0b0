"""When what is kept is sent: in order, in its time, and by whom."""

from __future__ import annotations

import contextlib
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
from lpa.notifications.send_queue import SendQueue, pending
from lpa.rsp.names import Eid
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.rsp.records import Notification
from tests.support.disturbed import DisturbedCard
from tests.support.forgery import BODY, Chain
from tests.support.journals import EID, OTHER, Clock, signed
from tests.support.recovery import resume
from tests.unit.notifications.test_outbox import SENT, Servers, card_with

THIRD = Eid.parse("89049032123451234512345678905678")
REFUSED = ServerRefused("HandleNotification", "8.1", "6.1", "no")
DOWN = ConnectFailed("down")


@pytest.fixture
def clock() -> Clock:
    return Clock(1_700_000_000.0)


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "state", clock=clock)) as journal:
        yield journal


def times(journal: Journal) -> list[tuple[int, float]]:
    """The number of each that waits, and in how many seconds it is tried."""
    return [
        (one.entry.notification.metadata.sequence_number, one.next_try.timestamp() - journal.clock())
        for one in pending(journal)
    ]


def test_what_was_never_tried_is_due_at_once(journal: Journal) -> None:
    journal.keep(EID, signed("07"))
    assert times(journal) == [(7, 0.0)]


def test_a_younger_one_for_the_same_server_waits_for_the_older(journal: Journal) -> None:
    journal.keep(EID, signed("07"), signed("08"))
    journal.failed(EID, signed("07"), DOWN)
    (_, older), (_, younger) = times(journal)
    assert older == younger
    assert 54 <= older <= 66


@pytest.mark.parametrize("objection", [REFUSED, BadAnswer("500")])
def test_one_that_the_server_objected_to_holds_back_nobody(objection: LpaError, journal: Journal) -> None:
    journal.keep(EID, signed("07"), signed("08"))
    journal.failed(EID, signed("07"), objection)
    (_, older), (_, younger) = times(journal)
    assert older > 50
    assert younger == 0


def test_cards_do_not_wait_for_each_other(journal: Journal) -> None:
    journal.keep(EID, signed("07"))
    journal.keep(OTHER, signed("08"))
    journal.failed(EID, signed("07"), DOWN)
    assert [wait > 0 for _, wait in times(journal)] == [True, False]


def test_what_a_clock_that_was_wrong_put_off_for_years_is_due(journal: Journal, clock: Clock) -> None:
    journal.keep(EID, signed())
    clock.now += 10 * 365 * 86400
    journal.failed(EID, signed(), DOWN)
    clock.now -= 10 * 365 * 86400
    assert times(journal) == [(7, 0.0)]


def test_one_that_was_not_tried_because_its_server_was_silent_counts_no_try(journal: Journal) -> None:
    journal.keep(EID, signed("07"), signed("08"))
    servers = Servers(a_b=DOWN)
    first, second = SendQueue(journal, servers).send_all(journal.outbox())
    assert len(servers.asked) == 1
    assert first.problem is second.problem is DOWN
    assert [entry.attempts for entry in journal.outbox()] == [1, 0]
    assert first.next_try
    assert first.next_try == second.next_try


def test_everything_is_sent_by_card_and_number(journal: Journal) -> None:
    numbers = ["7F", "03", "10"]
    for number in numbers:
        journal.keep(EID, signed(number))
        journal.keep(OTHER, signed(number))
    deliveries = SendQueue(journal, Servers()).send_all(journal.outbox())
    assert [delivery.sequence_number for delivery in deliveries] == [3, 16, 127, 3, 16, 127]
    assert {entry.sent for entry in journal.outbox()} == {journal.clock()}


def test_a_server_is_believed_by_what_its_card_said_when_it_signed(journal: Journal) -> None:
    """And by what the notification says itself only if the card has not said."""
    chain = Chain()
    listed, certified = KeyIdentifier(b"\1" * 20), KeyIdentifier(chain.ci.identifier)
    for number, ci_pkids in enumerate(([listed], [], None), 1):
        body = BODY.replace(bytes.fromhex("800107"), bytes([0x80, 1, number]))
        journal.keep(EID, Notification.from_tlv(chain.notification(body)), ci_pkids=ci_pkids)
    servers = Servers()
    SendQueue(journal, servers).send_all(journal.outbox())
    assert servers.ci_pkids == [(listed,), (), (certified,)]


def test_of_other_cards_what_is_due_is_sent_and_nothing_of_this_one(journal: Journal) -> None:
    journal.keep(EID, signed("01"))
    journal.keep(OTHER, signed("02"), signed("03"))
    journal.failed(OTHER, signed("03"), DOWN)
    servers = Servers()
    (delivery,) = SendQueue(journal, servers).send_due_of_others(EID)
    assert (delivery.sequence_number, delivery.acknowledged, delivery.removed) == (2, True, False)
    assert len(servers.asked) == 1


def test_a_card_at_which_another_process_works_is_left_to_it(journal: Journal, tmp_path: Path) -> None:
    journal.keep(OTHER, signed("02"))
    with closing(Journal(tmp_path / "state")) as another, another.lock(OTHER):
        assert SendQueue(journal, Servers()).send_due_of_others(EID) == ()


def test_everything_of_a_card_waits_where_another_process_works_at_it(
    journal: Journal, tmp_path: Path
) -> None:
    """Nobody waits here, so it stays; what other cards signed is sent all the same."""
    journal.keep(EID, signed("01"))
    journal.keep(OTHER, signed("02"))
    servers = Servers()
    with closing(Journal(tmp_path / "state")) as another, another.lock(EID):
        left, sent = SendQueue(journal, servers).send_all(journal.outbox())
    assert isinstance(left.problem, CardBusy)
    assert (left.acknowledged, sent.acknowledged, len(servers.asked)) == (False, True, 1)
    assert journal.entry(EID, signed("01")).attempts == 0  # type: ignore[union-attr]
    assert SendQueue(journal, servers).send_all(journal.outbox())[0].acknowledged


def test_what_another_process_sent_while_it_was_waited_for_is_not_sent_again(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with closing(Journal(folder)) as another, contextlib.ExitStack() as held:

        def hears_of_it(_: Holder) -> None:
            another.sent(EID, signed("01"), {})
            held.close()

        locks = Locks(folder, on_wait=hears_of_it)
        with closing(Journal(folder, locks=locks)) as journal:
            journal.keep(EID, signed("01"))
            held.enter_context(another.lock(EID))
            servers = Servers()
            (delivery,) = SendQueue(journal, servers).send_all(journal.outbox())
    assert (delivery.acknowledged, servers.asked) == (True, [])


def test_what_a_person_gave_up_while_it_was_waited_for_is_not_sent(journal: Journal) -> None:
    journal.keep(EID, signed("01"), signed("02"))
    entries = journal.outbox()
    journal.abandon(EID, signed("01"))
    (delivery,) = SendQueue(journal, Servers()).send_all(entries)
    assert delivery.sequence_number == 2


def test_a_lock_of_one_card_that_cannot_be_had_holds_up_no_other(journal: Journal, tmp_path: Path) -> None:
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


def test_what_is_due_waits_for_nobody_though_somebody_could_be_told(tmp_path: Path) -> None:
    folder, told = tmp_path / "state", list[Holder]()
    with (
        closing(Journal(folder)) as another,
        closing(Journal(folder, locks=Locks(folder, on_wait=told.append))) as journal,
        another.lock(OTHER),
    ):
        journal.keep(OTHER, signed("02"))
        assert SendQueue(journal, Servers()).send_due_of_others(EID) == ()
    assert told == []


def test_of_what_no_known_card_signed_what_is_due_is_sent_and_nothing_else(journal: Journal) -> None:
    journal.keep(None, signed("01"))
    journal.keep(EID, signed("02"))
    (delivery,) = SendQueue(journal, Servers()).send_due_of_others(EID)
    assert delivery.sequence_number == 1


def test_an_acknowledgement_that_cannot_be_noted_is_told(journal: Journal) -> None:
    journal.keep(EID, signed())
    (entry,) = journal.outbox()
    journal._database.connection.execute("PRAGMA query_only = ON")
    delivery = SendQueue(journal, Servers()).send(entry)
    assert delivery.acknowledged
    assert delivery.problem


# With a card


def test_a_fresh_notification_waits_for_an_older_one_that_is_not_due(tmp_path: Path) -> None:
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


def test_a_fresh_notification_takes_the_older_one_along_that_is_due(tmp_path: Path) -> None:
    euicc = card_with("slow.example")
    servers = Servers(slow_example=DOWN)
    with Assistant(euicc, state_dir=tmp_path, servers=servers) as assistant:
        assistant.enable(euicc.profiles[1].iccid)
        servers.faults.clear()
        assistant.journal._write("UPDATE notification SET next_try = 1", ())
        outcome = assistant.disable(euicc.profiles[1].iccid)
        told = [(one.event, one.removed) for one in outcome.deliveries if one.address == "slow.example"]
        assert told == [("enable", True), ("disable", True)]


def test_what_was_acknowledged_waits_for_the_card_alone(tmp_path: Path) -> None:
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


def test_what_was_cleared_here_and_is_on_the_card_all_the_same_is_cleared_again(tmp_path: Path) -> None:
    euicc = card_with("good.example")
    servers = Servers()
    with Assistant(euicc, state_dir=tmp_path, servers=servers) as assistant:
        assistant.euicc.delete_profile(assistant.profiles()[1].iccid)
        (told,) = assistant.notifications()
        notification = assistant.euicc.retrieve_notification(told.sequence_number)
        assert notification
        assistant._outbox().keep([notification])
        assistant.journal.sent(assistant.eid, notification, {})
        assistant.journal.removed(assistant.eid, notification)
        (delivery,) = assistant.send_notifications()
        assert delivery.removed
        assert servers.asked == []
        assert list(assistant.notifications()) == []


def test_what_is_due_of_this_card_is_left_to_another_process_at_it(tmp_path: Path) -> None:
    euicc = card_with("good.example")
    servers = Servers(good_example=DOWN)
    with Assistant(euicc, state_dir=tmp_path, servers=servers) as assistant:
        assistant.enable(euicc.profiles[1].iccid)
        assistant.journal._write("UPDATE notification SET next_try = 1", ())
        with closing(Journal(tmp_path)) as another, another.lock(assistant.eid):
            assert assistant.send_due_notifications() == ()
        assert len(assistant.send_due_notifications()) == 1


def test_nothing_of_a_card_is_sent_while_another_process_works_at_it(tmp_path: Path) -> None:
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


def test_what_was_acknowledged_while_the_card_was_away_is_cleared_when_it_is_back(tmp_path: Path) -> None:
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


def test_sending_everything_means_the_outbox_of_every_card(tmp_path: Path) -> None:
    with Assistant(card_with("good.example"), state_dir=tmp_path, servers=Servers()) as assistant:
        assistant.journal.keep(OTHER, signed("07"))
        assistant.journal.failed(OTHER, signed("07"), DOWN)
        (delivery,) = assistant.send_notifications()
        assert (delivery.sequence_number, delivery.acknowledged, delivery.removed) == (7, True, False)


def test_a_younger_one_waits_for_an_older_one_whose_proof_cannot_be_kept(
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
