"""The outbox delivers notifications, whatever cards and servers do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.errors import (
    BadAnswer,
    ConnectFailed,
    LpaError,
    NotVerified,
    OutcomeUnknown,
    Refused,
    ServerRefused,
)
from lpa.host.locks import Holder, Locks
from lpa.journal import DELETING, Journal
from lpa.notifications.changes import ProfileChange
from lpa.notifications.send_queue import SendQueue
from lpa.notifications.sender import ServerFactory
from lpa.rsp.names import Iccid
from lpa.rsp.records import CHANGE_TAGS, NotificationEvent
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.disturbed import DisturbedCard
from tests.support.journals import Clock
from tests.support.notified_servers import Servers, card_with
from tests.support.unfinished import received

DELETE, RETRIEVE, LIST, SENT, INFO1, PROFILES = 0xBF33, 0xBF2B, 0xBF28, 0xBF30, 0xBF20, 0xBF2D


Session = Callable[[SimulatedEuicc | DisturbedCard, Servers], Assistant]


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """Open an assistant for a card, with these servers. It is closed after the test."""
    with ExitStack() as opened:
        yield lambda card, servers: opened.enter_context(Assistant(card, state_dir=tmp_path, servers=servers))


def delete_second(assistant: Assistant) -> list[tuple[str, bool]]:
    outcome = assistant.delete(assistant.plan_deletion(assistant.profiles()[1].iccid))
    return [(delivery.address, delivery.acknowledged) for delivery in outcome.deliveries]


@pytest.mark.parametrize(
    "fault",
    [
        ConnectFailed("down"),
        NotVerified("other CI"),
        OutcomeUnknown("silence"),
        BadAnswer("500"),
        ServerRefused("HandleNotification", "8.1", "6.1", "no"),
    ],
)
def test_one_failing_server_does_not_stop_the_others(fault: LpaError, session: Session) -> None:
    servers = Servers(bad_example=fault)
    assistant = session(card_with("bad.example", "good.example"), servers)
    deliveries = delete_second(assistant)
    assert deliveries == [("bad.example", False), ("good.example", True)]
    (left,) = assistant.notifications()
    assert left.address == "bad.example"
    assert len(assistant.receipts.of(assistant.eid)) == 2


def test_an_unreachable_server_is_tried_once_and_its_later_notifications_are_not_sent(tmp_path: Path) -> None:
    euicc = card_with("bad.example")
    servers = Servers(bad_example=ConnectFailed("down"))
    with Assistant(euicc, state_dir=tmp_path, servers=servers) as assistant:
        assistant.enable(euicc.profiles[1].iccid)
        assistant.disable(euicc.profiles[1].iccid)
        servers.asked.clear()
        first, second, *_ = assistant.send_notifications()
        assert len([host for host, _ in servers.asked if host == "bad.example"]) == 1
        assert first.problem is second.problem
        assert second.receipt


def test_a_server_that_refuses_one_notification_is_sent_the_next(tmp_path: Path) -> None:
    euicc = card_with("bad.example")
    servers = Servers(bad_example=ServerRefused("HandleNotification", "8.1", "6.1", "no"))
    with Assistant(euicc, state_dir=tmp_path, servers=servers) as assistant:
        assistant.enable(euicc.profiles[1].iccid)
        assistant.disable(euicc.profiles[1].iccid)
        servers.asked.clear()
        assistant.send_notifications()
        assert len([host for host, _ in servers.asked if host == "bad.example"]) == 2


@pytest.mark.parametrize(
    ("address", "host"),
    [
        (" good.example ", "good.example"),
        ("good.example:8443", "good.example:8443"),
        ("GOOD.example.", "GOOD.example"),
    ],
)
def test_addresses_are_read_as_operators_write_them(address: str, host: str, session: Session) -> None:
    servers = Servers()
    deliveries = delete_second(session(card_with(address), servers))
    assert deliveries == [(address, True)]
    assert servers.asked[0][0] == host


@pytest.mark.parametrize(
    "address", ["", "   ", "http://evil.example/x", "10.0.0.1", "[::1]", "a b", "x\x1b[31m"]
)
def test_an_address_that_is_no_server_is_kept_and_said(address: str, session: Session) -> None:
    servers = Servers()
    euicc = card_with(address, "good.example")
    assistant = session(euicc, servers)
    outcome = assistant.delete(assistant.plan_deletion(euicc.profiles[1].iccid))
    bad = next(delivery for delivery in outcome.deliveries if delivery.address == address)
    assert isinstance(bad.problem, BadAnswer)
    assert bad.receipt
    assert bad.problem.advice
    assert [host for host, _ in servers.asked] == ["good.example"]
    assert len(assistant.notifications()) == 1


def test_a_profile_that_wants_nobody_told_tells_nobody(session: Session) -> None:
    deliveries = delete_second(session(card_with(), Servers()))
    assert deliveries == []


def test_a_notification_that_is_missing_is_said(session: Session) -> None:
    euicc = card_with("good.example")
    card = DisturbedCard(euicc)
    assistant = session(card, Servers())
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    card.instead(LIST, "BF2802A000 9000")
    (delivery,) = assistant.delete(plan).deliveries
    assert not delivery.acknowledged
    assert "has no signed notification for good.example" in str(delivery.problem)


def test_the_card_is_asked_for_the_new_notification_only(session: Session) -> None:
    euicc = card_with("good.example")
    card = DisturbedCard(euicc)
    assistant = session(card, Servers())
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    card.requests.clear()
    (delivery,) = assistant.delete(plan).deliveries
    assert delivery.removed
    assert card.requests == [INFO1, DELETE, PROFILES, LIST, RETRIEVE, SENT]


def test_the_card_that_is_here_says_whom_to_believe_and_no_other_in_its_name(session: Session) -> None:
    """An EID proves nothing to us: any card can say that it is this one."""
    genuine = card_with("one.example")
    down = Servers(one_example=ConnectFailed("down"), two_example=ConnectFailed("down"))
    assistant = session(genuine, down)
    delete_second(assistant)
    own = assistant.euicc.euicc_info1().ci_for_verification
    profiles, behaviour = card_with("two.example").profiles, Behaviour(first_sequence_number=7)
    thief = SimulatedEuicc.create(None, eid=str(genuine.eid), profiles=profiles, behaviour=behaviour)
    assistant = session(thief, down)
    delete_second(assistant)
    another = assistant.euicc.euicc_info1().ci_for_verification
    assert down.ci_pkids == [own, another]
    up = Servers()
    SendQueue(assistant.journal, up).send_all(assistant.journal.outbox())
    assert up.ci_pkids == [own, another]


def test_a_card_forgets_nothing_that_another_one_with_its_eid_has_signed(
    tmp_path: Path, session: Session
) -> None:
    """Both number from 1. What a false card's server acknowledged is not what the genuine card has."""
    genuine, servers = card_with("good.example"), Servers(evil_example=ConnectFailed("down"))
    false = SimulatedEuicc.create(None, eid=str(genuine.eid), profiles=card_with("evil.example").profiles)
    assistant = session(false, servers)
    delete_second(assistant)
    assistant.close()
    servers.faults.clear()
    with Assistant(genuine, state_dir=tmp_path, servers=servers) as assistant:
        assistant.euicc.delete_profile(assistant.profiles()[1].iccid)  # as another program does it
        SendQueue(assistant.journal, servers).send_all(assistant.journal.outbox())
        assert [delivery.removed for delivery in assistant.send_due_notifications()] == [True]
        assert [metadata.address for metadata in assistant.notifications()] == ["good.example"]
        assert [delivery.address for delivery in assistant.send_notifications()] == ["good.example"]
        assert list(assistant.notifications()) == []


def test_a_notification_from_an_earlier_session_is_compared_before_it_is_removed(tmp_path: Path) -> None:
    """It may be another card now, with its own notification of that number."""
    genuine, servers = card_with("good.example"), Servers()
    second = Iccid.parse(genuine.profiles[1].iccid)
    with Assistant(genuine, state_dir=tmp_path, servers=servers) as assistant:
        before = assistant.euicc.profiles(CHANGE_TAGS)
        operation = assistant.journal.begin(assistant.eid, "delete", tuple(before), target=second)
        operation.set_state(DELETING)
        assistant.euicc.delete_profile(second)
        assistant._outbox().collect(operation, [ProfileChange(NotificationEvent.DELETE, before[1])])
    other = SimulatedEuicc.create(None, eid=str(genuine.eid), profiles=card_with("other.example").profiles)
    with Assistant(other, state_dir=tmp_path, servers=servers) as assistant:
        assistant.euicc.delete_profile(second)  # as another program does it
        (recovered,) = assistant.recover()
        assert [delivery.address for delivery in recovered.deliveries] == ["good.example"]
        assert [metadata.address for metadata in assistant.notifications()] == ["other.example"]


def test_the_notifications_of_an_operation_do_not_depend_on_the_clock(tmp_path: Path) -> None:
    euicc, clock, servers = card_with("good.example"), Clock(4_000_000_000.0), Servers()
    second = euicc.profiles[1].iccid
    with closing(Journal(tmp_path, clock=clock)) as journal:
        assistant = Assistant(euicc, state_dir=tmp_path, servers=servers)
        assistant._journal = journal
        assistant.enable(second)
        clock.now = 1_700_000_000.0
        for change in (assistant.disable, assistant.enable, assistant.disable):
            clock.now += 60
            deliveries = [one for one in change(second).deliveries if one.address == "good.example"]
            assert [one.removed for one in deliveries] == [True]
        assert list(assistant.notifications()) == []
    assert [host for host, _ in servers.asked].count("good.example") == 4


def test_one_unreadable_notification_does_not_hide_the_others(session: Session) -> None:
    euicc = card_with("one.example", "two.example")
    card = DisturbedCard(euicc)
    servers = Servers()
    assistant = session(card, servers)
    assistant.euicc.delete_profile(assistant.profiles()[1].iccid)
    card.instead(RETRIEVE, "BF2B04 A002 3000 9000", "BF2B04 A002 3000 9000")  # by its number, then all
    sent = assistant.send_notifications()
    assert [delivery.acknowledged for delivery in sorted(sent, key=lambda item: item.address)] == [
        False,
        True,
    ]
    assert len(assistant.notifications()) == 1


def test_an_older_deletion_of_the_same_profile_is_not_taken_for_this_one(session: Session) -> None:
    """A profile that was deleted, kept, never sent, installed again and deleted again."""
    euicc = card_with("good.example")
    down = Servers(good_example=ConnectFailed("down"))
    assistant = session(euicc, down)
    delete_second(assistant)
    (older,) = assistant.notifications()
    card = DisturbedCard(euicc)
    second = session(card, Servers())
    plan = second.plan_deletion(euicc.profiles[0].iccid, disable_first=True)
    second.delete(plan)
    assert list(second.notifications()) == [older]


def test_removing_an_unsent_notification_keeps_its_proof(tmp_path: Path, session: Session) -> None:
    euicc = card_with("good.example")
    assistant = session(euicc, Servers(good_example=ConnectFailed("down")))
    delete_second(assistant)
    for path in tmp_path.rglob("*.der"):
        path.unlink()
    (left,) = assistant.notifications()
    assert assistant.remove_notification(left.sequence_number) == left
    assert list(assistant.notifications()) == []
    (kept,) = assistant.receipts.of(assistant.eid)
    assert kept.notification.metadata == left


def test_removing_a_notification_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with (
        Assistant(card_with(), state_dir=tmp_path) as assistant,
        pytest.raises(Refused, match="no notification 99"),
    ):
        assistant.remove_notification(99)


def test_an_older_notification_that_is_due_is_sent_before_the_new_one(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp, servers: ServerFactory
) -> None:
    second = euicc.profiles[1].iccid
    assistant._servers = Servers(nordlicht_smdp_example=ConnectFailed("down"))
    assistant.enable(second)
    assistant._servers = servers
    assistant.journal._write("UPDATE notification SET next_try = 1", ())
    assistant.disable(second)
    assert received(smdp) == [("enable", second), ("disable", second)]


def test_an_older_notification_on_the_card_is_sent_before_a_newer_one_that_was_kept(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp, servers: ServerFactory
) -> None:
    first = euicc.profiles[0].iccid
    assistant.euicc.disable_profile(Iccid.parse(first), refresh=False)  # as another program does it
    assistant._servers = Servers(albion_smdp_example=ConnectFailed("down"))
    assistant.enable(first)
    assert [waits.entry.notification.metadata.event for waits in assistant.pending_notifications()] == [
        "enable"
    ]
    assistant._servers = servers
    assistant.send_notifications()
    assert received(smdp) == [("disable", first), ("enable", first)]


def test_a_notification_that_came_in_a_file_is_removed_from_the_card_that_has_it(
    tmp_path: Path,
) -> None:
    servers = Servers()
    with Assistant(card_with("good.example"), state_dir=tmp_path, servers=servers) as assistant:
        assistant.euicc.delete_profile(assistant.profiles()[1].iccid)
        (signed,) = assistant.euicc.retrieve_notifications()
        assistant.journal.keep(None, signed)
        (delivery,) = assistant.send_notifications()
        assert (delivery.acknowledged, delivery.removed) == (True, True)
        assert list(assistant.notifications()) == []
    assert len(servers.asked) == 1


def test_a_notification_whose_entry_in_the_list_cannot_be_read_is_reported(tmp_path: Path) -> None:
    card = DisturbedCard(card_with())
    with Assistant(card, state_dir=tmp_path, servers=Servers()) as assistant:
        card.instead(LIST, "BF2807 A005 BF2F02 8000 9000")
        (delivery,) = assistant.send_notifications()
    assert (delivery.sequence_number, delivery.acknowledged) == (None, False)
    assert "lists a notification that cannot be read: bf2f028000" in str(delivery.problem)


def test_sending_what_is_due_waits_for_no_other_process(tmp_path: Path) -> None:
    asked: list[Holder] = []
    with closing(Journal(tmp_path)) as another, ExitStack() as held:

        def release(holder: Holder) -> None:
            asked.append(holder)
            held.close()

        locks = Locks(tmp_path, on_wait=release)
        with Assistant(card_with(), state_dir=tmp_path, servers=Servers(), locks=locks) as assistant:
            held.enter_context(another.lock(assistant.eid))
            assert assistant.send_due_notifications() == ()
    assert asked == []
