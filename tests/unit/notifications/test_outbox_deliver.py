"""What is not to be sent now, or not by itself, is kept on the card and here; nothing sends it unasked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from lpa import Assistant, Outcome
from lpa.errors import BadAnswer, ConnectFailed, Postponed
from lpa.journal import DELETING
from lpa.notifications.delivery import Deliveries
from lpa.rsp.deliver import LATER, NEVER, NOW, Deliver
from lpa.rsp.records import CHANGE_TAGS
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.notified_servers import Servers, card_with

HOST = "good.example"


@pytest.fixture
def euicc() -> SimulatedEuicc:
    return card_with(HOST)


@pytest.fixture
def servers() -> Servers:
    return Servers()


@pytest.fixture
def opened(euicc: SimulatedEuicc, servers: Servers, tmp_path: Path) -> Iterator[Callable[..., Assistant]]:
    """Open an assistant for the card; `deliver` as there."""
    with ExitStack() as stack:
        yield lambda deliver=NOW: stack.enter_context(
            Assistant(euicc, state_dir=tmp_path / "state", servers=servers, deliver=deliver)
        )


@pytest.fixture
def assistant(opened: Callable[..., Assistant]) -> Assistant:
    return opened()


def delete(assistant: Assistant, deliver: Deliver | None) -> Outcome:
    return assistant.delete(assistant.plan_deletion(assistant.profiles()[1]), deliver=deliver)


def sent(servers: Servers) -> int:
    return len(servers.asked)


@pytest.mark.parametrize("deliver", [LATER, NEVER])
def test_it_is_a_receipt_and_on_the_card_and_not_sent(
    deliver: Deliver, assistant: Assistant, servers: Servers
) -> None:
    (delivery,) = delete(assistant, deliver).deliveries
    assert (delivery.event, delivery.acknowledged, delivery.removed) == ("delete", False, False)
    assert delivery.receipt
    assert delivery.receipt.path.exists()
    assert delivery.withheld
    assert (delivery.next_try is None) is (deliver == NEVER)
    assert servers.asked == []
    assert [one.sequence_number for one in assistant.notifications()] == [1]
    assert assistant.journal.unfinished() == ()


def test_later_it_is_due_at_once_for_whoever_sends_next(assistant: Assistant, servers: Servers) -> None:
    delete(assistant, LATER)
    (delivery,) = assistant.send_due_notifications()
    assert (delivery.acknowledged, delivery.removed, sent(servers)) == (True, True, 1)
    assert not assistant.notifications()


def test_after_never_it_survives_many_automatic_sends(
    assistant: Assistant, opened: Callable[..., Assistant], servers: Servers
) -> None:
    delete(assistant, NEVER)
    assistant.close()
    for _ in range(3):
        another = opened()
        assert HOST not in [one.address for one in another.send_due_notifications()]
        assert [one.withheld for one in another.send_notifications(due_only=True)] == [True]
        another.recover()
        first, third = another.profiles()
        another.enable(third if first.enabled else first).raise_for_pending()
        another.close()
    another = opened()
    assert HOST not in [host for host, _ in servers.asked]
    (pending,) = another.pending_notifications()
    assert (pending.next_try, pending.entry.held) == (None, True)
    (delivery,) = another.send_notifications()
    assert (delivery.address, delivery.acknowledged, delivery.removed) == (HOST, True, True)


def test_if_the_server_is_unreachable_it_is_still_not_sent_by_itself(
    assistant: Assistant, servers: Servers
) -> None:
    delete(assistant, NEVER)
    servers.faults[HOST] = ConnectFailed("down")
    (delivery,) = assistant.send_notifications()
    assert (delivery.problem, delivery.next_try) == (servers.faults[HOST], None)
    servers.faults.clear()
    assistant.journal._write("UPDATE notification SET next_try = 1", ())
    assert assistant.send_due_notifications() == ()


def test_a_later_one_for_the_same_server_waits_for_it(assistant: Assistant, servers: Servers) -> None:
    assistant.enable(assistant.profiles()[1], deliver=NEVER)
    assistant.send_due_notifications()
    outcome = assistant.disable(assistant.profiles()[1])
    waits = [one for one in outcome.deliveries if one.event == "disable"]
    assert [(one.address, one.next_try, one.withheld) for one in waits] == [(HOST, None, False)]
    with pytest.raises(Postponed, match=r"as requested|waits for an earlier notification") as pending:
        outcome.raise_for_pending()
    assert pending.value.outcome is outcome
    assert HOST not in [host for host, _ in servers.asked]
    numbers = [one.sequence_number or 0 for one in assistant.send_notifications() if one.address == HOST]
    assert numbers == sorted(numbers)
    assert len(numbers) == 2
    assert assistant.pending_notifications() == ()


@pytest.mark.parametrize("deliver", [LATER, NEVER])
def test_the_outcome_raises_what_keeps_it_pending(deliver: Deliver, assistant: Assistant) -> None:
    outcome = delete(assistant, deliver)
    with pytest.raises(Postponed, match=f"{HOST} is not notified") as pending:
        outcome.raise_for_pending()
    assert pending.value.outcome is outcome
    assert pending.value.reason == {LATER: "deliverLater", NEVER: "deliverNever"}[deliver]
    assert "'lpa notifications send'" in pending.value.advice


def test_an_outcome_without_anything_pending_raises_nothing(assistant: Assistant) -> None:
    delete(assistant, NOW).raise_for_pending()
    assistant.send_notifications().raise_for_pending()
    Outcome().raise_for_pending()


def test_the_problem_of_the_server_or_of_the_card_is_raised(assistant: Assistant, servers: Servers) -> None:
    down = servers.faults[HOST] = ConnectFailed("down")
    outcome = delete(assistant, NOW)
    with pytest.raises(ConnectFailed) as pending:
        outcome.raise_for_pending()
    assert (pending.value, pending.value.outcome) == (down, outcome)
    deliveries = assistant.send_notifications()
    with pytest.raises(ConnectFailed) as again:
        deliveries.raise_for_pending()
    assert again.value.outcome is deliveries
    unread = BadAnswer("The card does not say it.")
    with pytest.raises(BadAnswer):
        Deliveries.of((), unread).raise_for_pending()


def test_the_assistant_has_a_default_and_a_call_its_own(
    opened: Callable[..., Assistant], servers: Servers
) -> None:
    reluctant = opened(NEVER)
    (delivery,) = reluctant.enable(reluctant.profiles()[1]).deliveries[-1:]
    assert delivery.withheld
    reluctant.disable(reluctant.profiles()[1], deliver=LATER)
    assert servers.asked == []
    reluctant.send_notifications()
    delete(reluctant, NOW).raise_for_pending()


@pytest.mark.parametrize("wrong", ["", "soon", True])
def test_another_word_is_refused_before_anything_is_done(
    wrong: Deliver, assistant: Assistant, euicc: SimulatedEuicc, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="deliver must be"):
        delete(assistant, wrong)
    with pytest.raises(ValueError, match="deliver must be"):
        Assistant(euicc, state_dir=tmp_path, deliver=wrong)
    with pytest.raises(ValueError, match="deliver must be"):
        assistant.recover(deliver=wrong)
    assert len(assistant.profiles()) == 3


def test_a_reset_and_both_switches_of_a_temporary_enable_are_not_delivered(
    assistant: Assistant, servers: Servers
) -> None:
    with assistant.temporarily_enabled(assistant.profiles()[1], deliver=LATER):
        pass
    assistant.reset(["deleteOperationalProfiles"], deliver=NEVER)
    assert servers.asked == []
    events = [one.entry.notification.metadata.event for one in assistant.pending_notifications()]
    assert sorted(set(events)) == ["delete", "disable", "enable"]
    assert [one.entry.held for one in assistant.pending_notifications()] == [
        event == "delete" for event in events
    ]


def interrupted_deletion(assistant: Assistant, deliver: Deliver) -> None:
    """As if the process was killed after the card had deleted the profile."""
    before = assistant.euicc.profiles(CHANGE_TAGS)
    target = before[1].iccid
    operation = assistant.journal.begin(assistant.eid, "delete", before, target=target, deliver=deliver)
    operation.set_state(DELETING)
    assistant.euicc.delete_profile(target)


@pytest.mark.parametrize(
    ("begun", "recovered", "is_sent", "held"),
    [
        (NOW, None, True, False),
        (NOW, LATER, False, False),
        (NOW, NEVER, False, True),
        (LATER, None, False, False),
        (NEVER, None, False, True),
        (NEVER, NOW, False, True),
        (NEVER, LATER, False, True),
    ],
)
def test_recovery_sends_no_more_than_was_asked_for_before_the_crash(
    begun: Deliver,
    recovered: Deliver | None,
    is_sent: bool,
    held: bool,
    assistant: Assistant,
    servers: Servers,
) -> None:
    interrupted_deletion(assistant, begun)
    (one,) = assistant.recover(deliver=recovered)
    assert [change.event for change in one.changes] == ["delete"]
    assert (sent(servers) == 1) is is_sent
    assert [one.entry.held for one in assistant.pending_notifications()] == [held] * (not is_sent)


def test_what_a_reluctant_change_recovers_before_is_sent_later_and_not_held(
    assistant: Assistant, servers: Servers
) -> None:
    interrupted_deletion(assistant, NOW)
    assistant.enable(assistant.profiles()[-1], deliver=NEVER)
    assert servers.asked == []
    (recovered, *own) = assistant.pending_notifications()
    assert (recovered.entry.notification.metadata.event, recovered.entry.held) == ("delete", False)
    assert {one.entry.held for one in own} == {True}
    assistant.send_due_notifications()
    assert [host for host, _ in servers.asked] == [HOST]


def test_a_card_that_lists_no_notifications_is_no_other(tmp_path: Path, servers: Servers) -> None:
    card = SimulatedEuicc.create(None, behaviour=Behaviour(gives_all_notifications_or_none=True))
    with Assistant(card, state_dir=tmp_path, servers=servers) as assistant:
        delete(assistant, NEVER)
        assistant.send_notifications(due_only=True)
        assert servers.asked == []
        assistant.send_notifications().raise_for_pending()


# What stays on the card after the acknowledgement


def test_what_is_acknowledged_stays_on_the_card_if_that_is_wanted(
    assistant: Assistant, servers: Servers, euicc: SimulatedEuicc
) -> None:
    delete(assistant, NEVER)
    (delivery,) = assistant.send_notifications(keep=True)
    assert (delivery.acknowledged, delivery.removed, delivery.problem) == (True, False, None)
    for _ in range(2):  # It is not sent again, nor removed by itself.
        assistant.send_due_notifications()
        assistant.send_notifications(due_only=True)
        assistant.send_notifications(keep=True)
    assert sent(servers) == 1
    assert len(assistant.notifications()) == 1
    assert assistant.pending_notifications() == ()
    (removed,) = assistant.send_notifications()
    assert (removed.acknowledged, removed.removed, sent(servers)) == (True, True, 1)
    assert not assistant.notifications()


def test_a_person_can_remove_what_stayed_on_the_card(assistant: Assistant, servers: Servers) -> None:
    delete(assistant, LATER)
    assistant.send_notifications(keep=True)
    assert assistant.remove_notification(1).sequence_number == 1
    assert not assistant.notifications()
    assert assistant.journal.outbox() == ()
    assert assistant.send_notifications() == ()
    assert sent(servers) == 1


def test_what_was_acknowledged_without_the_card_may_stay_on_it_too(
    assistant: Assistant, servers: Servers
) -> None:
    delete(assistant, LATER)
    (entry,) = assistant.journal.outbox()
    assistant.journal.sent(entry.eid, entry.notification, {})
    assistant.send_notifications(keep=True)
    assistant.send_due_notifications()
    assert (len(assistant.notifications()), servers.asked) == (1, [])
