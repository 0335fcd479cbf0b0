"""Notifications are read from cards that refuse a function, or answer it in their own way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.errors import BadAnswer, ConnectFailed, EuiccRefused
from lpa.journal import DELETED
from lpa.notifications.on_card import OnCard
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support import command
from tests.support.disturbed import DisturbedCard
from tests.support.field_cards import ALL, ANY, BY_NUMBER, EMPTY, LIST, REFUSED, FieldCard
from tests.support.notified_servers import Servers, card_with

NO_LIST = ["6985", "6E00", "6A88", "BF280381017F 9000"]
NO_CRITERION = [REFUSED, EMPTY, "6A80", "6985"]
DOWN = ConnectFailed("down")

Opened = Callable[..., Assistant]


def delete_second(assistant: Assistant) -> list[tuple[int | None, bool, bool]]:
    outcome = assistant.delete(assistant.plan_deletion(assistant.profiles()[1].iccid))
    return [(one.sequence_number, one.removed, one.lost) for one in outcome.deliveries]


@pytest.mark.parametrize("refused", NO_LIST)
def test_a_card_that_does_not_list_its_notifications_gives_them_all(refused: str, tmp_path: Path) -> None:
    card, servers = FieldCard(card_with("one.example"), {LIST: refused}), Servers(one_example=DOWN)
    with Assistant(card, state_dir=tmp_path, servers=servers) as assistant:
        assert delete_second(assistant) == [(1, False, False)]
        assert [one.sequence_number for one in assistant.notifications()] == [1]
        servers.faults.clear()
        sent = assistant.send_notifications()
        assert [(one.sequence_number, one.removed) for one in sent] == [(1, True)]
        assert sent.problem is None
        assert assistant.notifications() == ()


@pytest.mark.parametrize("answer", NO_CRITERION)
def test_a_card_that_knows_no_criterion_is_asked_for_all(answer: str, tmp_path: Path) -> None:
    card, servers = FieldCard(card_with("one.example"), {BY_NUMBER: answer}), Servers(one_example=DOWN)
    with Assistant(card, state_dir=tmp_path, servers=servers) as assistant:
        assert delete_second(assistant) == [(1, False, False)]
        assert assistant.journal.lost() == ()
    with Assistant(card, state_dir=tmp_path, servers=Servers()) as assistant:
        assert [one.removed for one in assistant.send_notifications()] == [True]
        assert assistant.notifications() == ()


@pytest.mark.parametrize("answer", NO_CRITERION)
def test_what_was_acknowledged_meanwhile_is_removed_from_a_card_that_knows_no_criterion(
    answer: str, tmp_path: Path
) -> None:
    """An empty answer does not show that the notification is gone."""
    card, servers = FieldCard(card_with("one.example"), {BY_NUMBER: answer}), Servers(one_example=DOWN)
    with Assistant(card, state_dir=tmp_path, servers=servers) as assistant:
        delete_second(assistant)
        (entry,) = assistant.journal.outbox()
        assistant.journal.sent(entry.eid, entry.notification, {})
        assert [one.removed for one in assistant.send_due_notifications()] == [True]
        assert assistant.notifications() == ()


@pytest.mark.parametrize("answer", NO_CRITERION)
def test_many_are_read_from_a_card_that_knows_no_criterion_with_one_answer(
    answer: str, tmp_path: Path
) -> None:
    euicc = card_with("one.example")
    with Assistant(euicc) as assistant:
        first, second, _ = assistant.profiles()
        for turn in range(6):
            assistant.euicc.enable_profile((second, first)[turn % 2].iccid, refresh=False)
    card = FieldCard(euicc, {BY_NUMBER: answer})
    with Assistant(card, state_dir=tmp_path, servers=Servers()) as assistant:
        assert all(one.removed for one in assistant.send_notifications())
    assert card.requests.count(ALL) == 1
    assert len([request for request in card.requests if request.startswith(BY_NUMBER)]) == 1


def test_unknown_data_for_both_functions_means_that_nothing_is_pending(tmp_path: Path) -> None:
    card = FieldCard(card_with("one.example"), {LIST: "6A88", ANY: "6A88"})
    with Assistant(card, state_dir=tmp_path, servers=Servers()) as assistant:
        assert assistant.notifications() == ()
        assert assistant.send_notifications() == ()
        assert assistant.send_notifications().problem is None


@pytest.mark.parametrize("refused", ["6985", "6E00"])
def test_what_is_on_this_computer_is_sent_whatever_the_card_says(refused: str, tmp_path: Path) -> None:
    card, servers = FieldCard(card_with("one.example"), {}), Servers(one_example=DOWN)
    with Assistant(card, state_dir=tmp_path, servers=servers) as assistant:
        delete_second(assistant)
        servers.faults.clear()
        card.answers = {LIST: refused, ANY: refused}
        sent = assistant.send_notifications()
        assert [(one.acknowledged, one.removed) for one in sent] == [(True, False)]
        assert isinstance(sent.problem, BadAnswer)
        assert f"status {refused}" in sent.problem.message
        assert "does not say which notifications are on it" in sent.problem.message
        card.answers = {}
        assert [one.removed for one in assistant.send_notifications()] == [True]


def test_a_notification_that_is_listed_and_not_given_is_unread_and_not_lost(tmp_path: Path) -> None:
    card, servers = FieldCard(card_with("one.example", "two.example"), {ANY: EMPTY}), Servers()
    with Assistant(card, state_dir=tmp_path, servers=servers) as assistant:
        outcome = assistant.delete(assistant.plan_deletion(assistant.profiles()[1].iccid))
        assert [(one.sequence_number, one.lost) for one in outcome.deliveries] == [(1, False), (2, False)]
        assert "lists notification 1 and does not give it" in str(outcome.deliveries[0].problem)
        (operation,) = assistant.journal.unfinished()
        assert (operation.state, assistant.journal.lost()) == (DELETED, ())
        card.answers = {}
        (recovered,) = assistant.recover()
        assert [one.removed for one in recovered.deliveries] == [True, True]
        assert assistant.journal.unfinished() == ()


def test_while_one_is_unread_no_other_is_noted_as_lost(tmp_path: Path) -> None:
    """The card lists the notification for one.example only, and gives none."""
    euicc = card_with("one.example", "two.example")
    one = "BF2F20 800101 81020410 0C0B6F6E652E6578616D706C65 5A0A 989489050000000020F5"
    card = FieldCard(euicc, {ANY: "6F00", LIST: f"BF2825 A023 {one} 9000"})
    with Assistant(card, state_dir=tmp_path, servers=Servers()) as assistant:
        deliveries = assistant.delete(assistant.plan_deletion(euicc.profiles[1].iccid)).deliveries
        assert [(one.address, one.sequence_number, one.lost) for one in deliveries] == [
            ("one.example", 1, False),
            ("two.example", None, False),
        ]
        assert assistant.journal.lost() == ()
        card.answers = {}
        (recovered,) = assistant.recover()
        assert [one.removed for one in recovered.deliveries] == [True, True]


def test_what_may_be_an_item_that_cannot_be_read_is_not_noted_as_lost(tmp_path: Path) -> None:
    card = FieldCard(card_with("one.example"), {LIST: "BF2807 A005 BF2F02 8000 9000"})
    with Assistant(card, state_dir=tmp_path, servers=Servers()) as assistant:
        outcome = assistant.delete(assistant.plan_deletion(assistant.profiles()[1].iccid))
        (delivery,) = outcome.deliveries
        assert "cannot be read (bf2f028000)" in str(delivery.problem)
        assert (delivery.lost, assistant.journal.lost()) == (False, ())
        assert len(assistant.journal.unfinished()) == 1


def test_a_notification_that_differs_from_the_list_is_unread(tmp_path: Path) -> None:
    """The card gives the second one for every number."""
    euicc = card_with("one.example")
    with Assistant(euicc, state_dir=tmp_path / "other", servers=Servers(one_example=DOWN)) as assistant:
        assistant.enable(euicc.profiles[1].iccid)
        *_, enabled = assistant.receipts.of(assistant.eid)
    renumbered = bytes(enabled.notification.raw).replace(bytes.fromhex("800102"), bytes.fromhex("800103"))
    length = len(renumbered)
    wrong = f"BF2B82{length + 4:04X} A082{length:04X} {renumbered.hex()} 9000"
    card = FieldCard(euicc, {ANY: wrong})
    with Assistant(card, state_dir=tmp_path, servers=Servers()) as assistant:
        outcome = assistant.disable(euicc.profiles[1].iccid)
        assert "lists notification 3 as disable" in str(outcome.deliveries[0].problem)
        assert len(assistant.journal.unfinished()) == 1


def test_a_refusal_keeps_its_kind(tmp_path: Path) -> None:
    card = FieldCard(card_with(), {LIST: "BF280381017F 9000", ANY: "6985"})
    with Assistant(card, state_dir=tmp_path) as assistant, pytest.raises(EuiccRefused) as raised:
        OnCard(assistant.euicc).listed()
    assert raised.value.reason == "undefinedError"


# The commands


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], tuple[object, ...]]:
    """Options for commands with a card that answers so; one notification of it is kept on this computer."""
    euicc = card_with("one.example")
    with Assistant(euicc, state_dir=tmp_path / "state", servers=Servers(one_example=DOWN)) as assistant:
        delete_second(assistant)

    def options(answers: dict[str, str]) -> tuple[object, ...]:
        command.put_in(monkeypatch, lambda _path: FieldCard(euicc, answers))
        return ("--reader", "sim:card", "--state-dir", tmp_path / "state")

    return options


Options = Callable[[dict[str, str]], tuple[object, ...]]


@pytest.mark.parametrize("refused", NO_LIST)
def test_the_commands_work_with_a_card_that_does_not_list(refused: str, folder: Options) -> None:
    options = folder({LIST: refused})
    listed = command.run(*options, "notifications", "list", "--json")
    assert listed.code == 0
    assert [one["sequence_number"] for one in listed.document["result"]["notifications"]] == [1]
    assert command.run(*options, "resume").code == 4  # the server is not there


@pytest.mark.parametrize("words", [("notifications", "list"), ("notifications", "send"), ("resume",)])
def test_the_refusal_is_a_problem_of_its_own_beside_what_is_on_this_computer(
    words: tuple[str, ...], folder: Options
) -> None:
    options = (*folder({LIST: "6985", ANY: "6985"}), "--connect-to", "::127.0.0.1:1")
    ran = command.run(*options, *words)
    assert "The card answered with status 6985" in ran.err
    assert "one.example" in ran.out
    assert "No notifications on the card." not in ran.err
    assert "Nothing to resume." not in ran.err
    document = command.run(*options, *words, "--json").document
    assert len(document["result"]["pending"]) == 1
    assert document["ok"] is False


def test_the_list_of_such_a_card_is_unknown_and_not_empty(folder: Options) -> None:
    document = command.run(*folder({LIST: "6985", ANY: "6985"}), "notifications", "list", "--json").document
    assert document["result"]["notifications"] is None
    assert document["error"]["kind"] == "BadAnswer"


def test_a_download_whose_result_cannot_be_read_stays_open(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, tmp_path: Path
) -> None:
    card = FieldCard(euicc, {LIST: "6985", ANY: "6985"})
    with Assistant(card, state_dir=tmp_path, servers=Servers()) as assistant:
        before = tuple(assistant.euicc.profiles()[:1])
        operation = assistant.journal.begin(assistant.eid, "download", before, target=before[0].iccid)
        operation.set_state("LOADING")
        (recovered,) = assistant.recover()
        assert isinstance(recovered.problem, BadAnswer)
        assert "result is unknown" in recovered.summary
        assert len(assistant.journal.unfinished()) == 1


# What the card has just signed, without a list

RETRIEVED, LISTED = 0xBF2B, 0xBF28


def pending(assistant: Assistant, count: int) -> list[int | None]:
    """Have the card sign `count` notifications that nobody sends. Returns what it lists then."""
    for profile in assistant.profiles()[-count:] if count else ():
        assistant.euicc.delete_profile(profile.iccid)
    return [one.sequence_number for one in assistant.notifications()]


@pytest.mark.parametrize("before", [0, 2])
def test_a_new_notification_is_read_without_a_list(before: int, tmp_path: Path) -> None:
    card = DisturbedCard(SimulatedEuicc.create(None, profiles=5))
    with Assistant(card, state_dir=tmp_path, servers=Servers()) as assistant:
        assert pending(assistant, before) == [*range(1, before + 1)]
        card.requests.clear()
        assert delete_second(assistant) == [(before + 1, True, False)]
    assert card.requests.count(RETRIEVED) == 1
    assert card.requests.count(LISTED) == 0


def test_a_number_that_is_not_the_next_is_found_by_a_list(tmp_path: Path) -> None:
    """The card has used numbers for notifications that it no longer has."""
    card = DisturbedCard(SimulatedEuicc.create(None, profiles=5))
    with Assistant(card, state_dir=tmp_path, servers=Servers()) as assistant:
        assert pending(assistant, 2) == [1, 2]
        assistant.euicc.notification_sent(2)
        assert [one.sequence_number for one in assistant.notifications()] == [1]
        card.requests.clear()
        assert delete_second(assistant) == [(3, True, False)]
    assert card.requests.count(LISTED) == 1


def test_what_was_not_listed_before_is_listed_after(tmp_path: Path) -> None:
    card = DisturbedCard(SimulatedEuicc.create(None))
    with Assistant(card, state_dir=tmp_path, servers=Servers()) as assistant:
        assert OnCard(assistant.euicc).new(1) == ()
        assert delete_second(assistant) == [(1, True, False)]
    assert card.requests.count(LISTED) == 1


@pytest.mark.parametrize("answer", [REFUSED, EMPTY, "6A88"])
@pytest.mark.parametrize("before", [0, 1])
def test_a_card_that_does_not_give_the_new_one_so_is_asked_as_ever(
    before: int, answer: str, tmp_path: Path
) -> None:
    card = DisturbedCard(SimulatedEuicc.create(None, profiles=5))
    with Assistant(card, state_dir=tmp_path, servers=Servers()) as assistant:
        pending(assistant, before)
        card.instead(RETRIEVED, answer)
        assert delete_second(assistant) == [(before + 1, True, False)]
        assert assistant.journal.lost() == ()


def test_a_notification_about_something_else_is_not_taken_for_the_new_one(tmp_path: Path) -> None:
    """Its number was the next: another program has used the card meanwhile."""
    card = SimulatedEuicc.create(None, profiles=5)
    with Assistant(card, state_dir=tmp_path, servers=Servers()) as assistant:
        pending(assistant, 1)
        number = assistant.euicc.last_number
        assistant.euicc.delete_profile(assistant.profiles()[-1].iccid)
        assert assistant.euicc.last_number == number == 1
        assert delete_second(assistant) == [(3, True, False)]
        assert [one.sequence_number for one in assistant.notifications()] == [1, 2]
