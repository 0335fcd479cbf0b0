"""Notifications that are chosen by their numbers are sent in order, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lpa import Assistant
from lpa.errors import ConnectFailed, Refused
from lpa.rsp.deliver import LATER, NEVER
from tests.support.disturbed import DisturbedCard
from tests.support.notified_servers import Servers, card_with

LIST, RETRIEVE = 0xBF28, 0xBF2B
ONE, OTHER = "one.example", "other.example"


@pytest.fixture
def servers() -> Servers:
    return Servers()


@pytest.fixture
def card() -> DisturbedCard:
    return DisturbedCard(card_with(ONE, OTHER))


@pytest.fixture
def assistant(card: DisturbedCard, servers: Servers, tmp_path: Path) -> Iterator[Assistant]:
    """On the card only: 1 and 2 (enable), 3 and 4 (disable), for the one server and the other."""
    with Assistant(card, state_dir=tmp_path / "state", servers=servers) as assistant:
        iccid = assistant.profiles()[1].iccid
        assistant.euicc.disable_profile(assistant.profiles()[0].iccid, refresh=False)
        for one in assistant.notifications():
            assistant.euicc.notification_sent(one.sequence_number)
        assistant.euicc.enable_profile(iccid, refresh=False)
        assistant.euicc.restart()
        assistant.euicc.disable_profile(iccid, refresh=False)
        assistant.euicc.restart()
        yield assistant


@pytest.fixture
def numbers(assistant: Assistant) -> list[int]:
    """Their numbers, by event and server."""
    listed = sorted(assistant.notifications(), key=lambda one: one.sequence_number)
    assert [(one.event, one.address) for one in listed] == [
        ("enable", ONE),
        ("enable", OTHER),
        ("disable", ONE),
        ("disable", OTHER),
    ]
    return [one.sequence_number for one in listed]


def left(assistant: Assistant) -> list[int]:
    return sorted(one.sequence_number for one in assistant.notifications())


def test_the_first_is_sent_alone_and_nothing_else_is_even_kept(
    assistant: Assistant, numbers: list[int], servers: Servers
) -> None:
    (delivery,) = assistant.send_notifications(only=numbers[:1])
    assert (delivery.sequence_number, delivery.acknowledged, delivery.removed) == (numbers[0], True, True)
    assert left(assistant) == numbers[1:]
    assert len(assistant.receipts.of(assistant.eid)) == 1
    assert assistant.send_due_notifications() == ()


def test_earlier_ones_for_the_same_server_are_sent_first(
    assistant: Assistant, numbers: list[int], servers: Servers
) -> None:
    deliveries = assistant.send_notifications(only=[numbers[3]])
    assert [one.sequence_number for one in deliveries] == [numbers[1], numbers[3]]
    assert [host for host, _ in servers.asked] == [OTHER, OTHER]
    assert left(assistant) == [numbers[0], numbers[2]]


def test_an_earlier_one_that_is_not_sent_by_itself_is_sent_first_too(
    card: DisturbedCard, assistant: Assistant, servers: Servers
) -> None:
    assistant.send_notifications()
    servers.asked.clear()
    profile = assistant.profiles()[1]
    assistant.enable(profile, deliver=NEVER)
    outcome = assistant.disable(profile, deliver=LATER)
    last = [one.sequence_number for one in outcome.deliveries if one.address == ONE]
    deliveries = assistant.send_notifications(only=(number for number in last if number))
    assert [(one.event, one.address) for one in deliveries] == [("enable", ONE), ("disable", ONE)]
    deliveries.raise_for_pending()


def test_if_the_server_cannot_be_reached_with_the_earlier_one_the_later_one_is_not_sent(
    assistant: Assistant, numbers: list[int], servers: Servers
) -> None:
    servers.faults[ONE] = ConnectFailed("down")
    deliveries = assistant.send_notifications(only=[numbers[2]])
    assert [one.acknowledged for one in deliveries] == [False, False]
    assert len(servers.asked) == 1


def test_one_that_the_card_lists_and_does_not_give_must_go_first_so_nothing_is_sent(
    card: DisturbedCard, assistant: Assistant, numbers: list[int], servers: Servers
) -> None:
    card.instead(RETRIEVE, *["6F00"] * 100)
    with pytest.raises(Refused, match=f"Notification {numbers[0]} cannot be read") as refused:
        assistant.send_notifications(only=[numbers[2]])
    assert "Nothing was sent" in refused.value.message
    assert refused.value.reason == "earlierUnreadable"
    assert servers.asked == []
    assert assistant.pending_notifications() == ()


@pytest.mark.parametrize("answer", ["6F00", "BF2806A00430023000 9000"], ids=["refused", "an unreadable item"])
def test_if_it_is_not_known_what_must_go_first_nothing_is_sent(
    answer: str, card: DisturbedCard, assistant: Assistant, numbers: list[int], servers: Servers
) -> None:
    card.instead(LIST, *[answer] * 100)
    card.instead(RETRIEVE, *["6F00"] * 100)
    with pytest.raises(Refused, match="must receive the notifications of a card in their order"):
        assistant.send_notifications(only=[numbers[0]])
    assert servers.asked == []


def test_a_number_that_is_not_there_is_refused_before_anything_is_sent(
    assistant: Assistant, numbers: list[int], servers: Servers
) -> None:
    with pytest.raises(Refused, match="There is no pending notification 77 or 99") as refused:
        assistant.send_notifications(only=[99, numbers[0], 77])
    assert refused.value.reason == "noResultAvailable"
    assert servers.asked == []
    assert left(assistant) == numbers


def test_none_at_all_sends_none(assistant: Assistant, servers: Servers) -> None:
    assert assistant.send_notifications(only=[]) == ()
    assert servers.asked == []


def test_it_can_stay_on_the_card_and_is_then_not_sent_again(
    assistant: Assistant, numbers: list[int], servers: Servers
) -> None:
    for _ in range(2):
        (delivery,) = assistant.send_notifications(only=numbers[:1], keep=True)
        assert (delivery.acknowledged, delivery.removed) == (True, False)
    (first, later) = assistant.send_notifications(only=[numbers[0], numbers[2]])
    assert (first.removed, later.removed) == (True, True)
    assert len(servers.asked) == 2


def test_what_stayed_on_the_card_need_not_be_sent_before_a_later_one(
    assistant: Assistant, numbers: list[int]
) -> None:
    assistant.send_notifications(only=numbers[:1], keep=True)
    (delivery,) = assistant.send_notifications(only=[numbers[2]])
    assert delivery.sequence_number == numbers[2]
    assert numbers[0] in left(assistant)


@pytest.mark.parametrize("wrong", [["1"], [None], [1.0]])
def test_numbers_are_numbers(wrong: Any, assistant: Assistant) -> None:
    with pytest.raises(TypeError, match="a number in only must be int"):
        assistant.send_notifications(only=wrong)


def test_only_and_due_only_contradict_each_other(assistant: Assistant) -> None:
    with pytest.raises(TypeError, match="not both"):
        assistant.send_notifications(only=[1], due_only=True)
