"""The outbox delivers notifications, whatever cards and servers do."""

from __future__ import annotations

from contextlib import closing
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
from lpa.journal import DELETING, Journal
from lpa.notifications.changes import ProfileChange
from lpa.notifications.send_queue import SendQueue
from lpa.rsp.names import Iccid
from lpa.rsp.records import CHANGE_TAGS
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.disturbed import DisturbedCard
from tests.support.journals import Clock
from tests.support.notified_servers import Servers, card_with

DELETE, RETRIEVE, LIST, SENT, INFO1, PROFILES = 0xBF33, 0xBF2B, 0xBF28, 0xBF30, 0xBF20, 0xBF2D


def delete_second(
    euicc: SimulatedEuicc, servers: Servers, folder: Path
) -> tuple[list[tuple[str, bool]], Assistant]:
    assistant = Assistant(euicc, state_dir=folder, servers=servers)
    outcome = assistant.delete(assistant.plan_deletion(euicc.profiles[1].iccid))
    return [(delivery.address, delivery.acknowledged) for delivery in outcome.deliveries], assistant


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
def test_one_failing_server_does_not_stop_the_others(fault: LpaError, tmp_path: Path) -> None:
    servers = Servers(bad_example=fault)
    deliveries, assistant = delete_second(card_with("bad.example", "good.example"), servers, tmp_path)
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
        ("GOOD.example.", "good.example"),
    ],
)
def test_addresses_are_read_as_operators_write_them(address: str, host: str, tmp_path: Path) -> None:
    servers = Servers()
    deliveries, _ = delete_second(card_with(address), servers, tmp_path)
    assert deliveries == [(address, True)]
    assert servers.asked[0][0] == host


@pytest.mark.parametrize(
    "address", ["", "   ", "http://evil.example/x", "10.0.0.1", "[::1]", "a b", "x\x1b[31m"]
)
def test_a_notification_for_an_invalid_address_is_kept_and_reported(address: str, tmp_path: Path) -> None:
    servers = Servers()
    euicc = card_with(address, "good.example")
    assistant = Assistant(euicc, state_dir=tmp_path, servers=servers)
    outcome = assistant.delete(assistant.plan_deletion(euicc.profiles[1].iccid))
    bad = next(delivery for delivery in outcome.deliveries if delivery.address == address)
    assert isinstance(bad.problem, BadAnswer)
    assert bad.receipt
    assert bad.problem.advice
    assert [host for host, _ in servers.asked] == ["good.example"]
    assert len(assistant.notifications()) == 1


def test_a_profile_without_notifications_notifies_no_server(tmp_path: Path) -> None:
    deliveries, _ = delete_second(card_with(), Servers(), tmp_path)
    assert deliveries == []


def test_a_missing_notification_is_reported(tmp_path: Path) -> None:
    euicc = card_with("good.example")
    card = DisturbedCard(euicc)
    assistant = Assistant(card, state_dir=tmp_path, servers=Servers())
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    card.instead(RETRIEVE, "BF2B02A000 9000")
    (delivery,) = assistant.delete(plan).deliveries
    assert not delivery.acknowledged
    assert "has no signed notification for good.example" in str(delivery.problem)


def test_a_card_that_cannot_give_all_notifications_is_asked_for_each(tmp_path: Path) -> None:
    euicc = card_with("good.example")
    card = DisturbedCard(euicc)
    assistant = Assistant(card, state_dir=tmp_path, servers=Servers())
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    card.instead(RETRIEVE, "6A80")
    card.requests.clear()
    (delivery,) = assistant.delete(plan).deliveries
    assert delivery.removed
    assert card.requests[:6] == [INFO1, DELETE, PROFILES, RETRIEVE, LIST, RETRIEVE]


def test_notifications_are_sent_with_the_ci_keys_of_the_card_that_gave_them(tmp_path: Path) -> None:
    """An EID proves nothing: any card can report this one."""
    genuine = card_with("one.example")
    down = Servers(one_example=ConnectFailed("down"), two_example=ConnectFailed("down"))
    _, assistant = delete_second(genuine, down, tmp_path)
    own = assistant.euicc.euicc_info1().ci_for_verification
    profiles, behaviour = card_with("two.example").profiles, Behaviour(first_sequence_number=7)
    thief = SimulatedEuicc.create(None, eid=str(genuine.eid), profiles=profiles, behaviour=behaviour)
    _, assistant = delete_second(thief, down, tmp_path)
    another = assistant.euicc.euicc_info1().ci_for_verification
    assert down.ci_pkids == [own, another]
    up = Servers()
    SendQueue(assistant.journal, up).send_all(assistant.journal.outbox())
    assert up.ci_pkids == [own, another]


def test_nothing_is_removed_from_a_card_because_of_another_card_with_its_eid(tmp_path: Path) -> None:
    """Both count from 1. What the other card's server acknowledged is not what the genuine card has."""
    genuine, servers = card_with("good.example"), Servers(evil_example=ConnectFailed("down"))
    other = SimulatedEuicc.create(None, eid=str(genuine.eid), profiles=card_with("evil.example").profiles)
    _, assistant = delete_second(other, servers, tmp_path)
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
        assistant._outbox().collect(operation, [ProfileChange("delete", before[1])])
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


def test_one_unreadable_notification_does_not_hide_the_others(tmp_path: Path) -> None:
    euicc = card_with("one.example", "two.example")
    card = DisturbedCard(euicc)
    servers = Servers()
    assistant = Assistant(card, state_dir=tmp_path, servers=servers)
    assistant.euicc.delete_profile(assistant.profiles()[1].iccid)
    card.instead(RETRIEVE, "BF2B04 A002 3000 9000")
    sent = assistant.send_notifications()
    assert [delivery.acknowledged for delivery in sorted(sent, key=lambda item: item.address)] == [
        False,
        True,
    ]
    assert len(assistant.notifications()) == 1


def test_an_earlier_deletion_is_not_taken_for_this_one(tmp_path: Path) -> None:
    """Its notification is still on the card, kept and not sent."""
    euicc = card_with("good.example")
    down = Servers(good_example=ConnectFailed("down"))
    _, assistant = delete_second(euicc, down, tmp_path)
    (older,) = assistant.notifications()
    card = DisturbedCard(euicc)
    second = Assistant(card, state_dir=tmp_path, servers=Servers())
    plan = second.plan_deletion(euicc.profiles[0].iccid, disable_first=True)
    second.delete(plan)
    assert list(second.notifications()) == [older]


def test_removing_an_unsent_notification_keeps_its_receipt(tmp_path: Path) -> None:
    euicc = card_with("good.example")
    _, assistant = delete_second(euicc, Servers(good_example=ConnectFailed("down")), tmp_path)
    for path in tmp_path.rglob("*.der"):
        path.unlink()
    (left,) = assistant.notifications()
    assert assistant.remove_notification(left.sequence_number) == left
    assert list(assistant.notifications()) == []
    (kept,) = assistant.receipts.of(assistant.eid)
    assert kept.notification.metadata == left


def test_removing_a_missing_notification_is_refused(tmp_path: Path) -> None:
    assistant = Assistant(card_with(), state_dir=tmp_path)
    with pytest.raises(Refused, match="no notification 99"):
        assistant.remove_notification(99)
