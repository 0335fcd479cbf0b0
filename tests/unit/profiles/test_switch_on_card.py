"""Switches on a card that enables a profile of its own choice at the reset, and one that is hard to read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.card.es10 import Euicc
from lpa.errors import BadAnswer, OutcomeUnknown, WireError
from lpa.notifications.sender import ServerFactory
from lpa.rsp.names import Iccid
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.disturbed import DisturbedCard
from tests.support.profile_states import states
from tests.support.unfinished import DELETE, DISABLE, ENABLE, PROFILES, RETRIEVE, received

ALBION, NORDLICHT, SHILI = "8944994000000000017", "8949985000000000025", "89869870000000000033"


@contextmanager
def falling_back(
    euicc: SimulatedEuicc, folder: Path, servers: ServerFactory, *fallbacks: tuple[str, str]
) -> Iterator[tuple[Assistant, DisturbedCard, SimulatedEuicc]]:
    """An assistant with a card of the usual profiles that falls back to others."""
    behaviour = Behaviour(fallbacks=fallbacks)
    own = SimulatedEuicc.create(None, profiles=euicc.profiles, behaviour=behaviour, authority=euicc.authority)
    card = DisturbedCard(own)
    with Assistant(card, state_dir=folder, servers=servers) as assistant:
        yield assistant, card, own


def test_enable_ends_at_the_first_look_if_the_card_enables_a_third_profile(
    euicc: SimulatedEuicc, tmp_path: Path, servers: ServerFactory, smdp: SimulatedSmdp
) -> None:
    with falling_back(euicc, tmp_path, servers, (NORDLICHT, SHILI)) as (assistant, card, own):
        with pytest.raises(BadAnswer) as caught:
            assistant.enable(NORDLICHT)
        assert caught.value.message == (
            f"The card was asked to enable Nordlicht ({NORDLICHT}), but after its reset 示例移动 ({SHILI}) "
            "is enabled: the card chose this itself. All notifications were acknowledged."
        )
        assert caught.value.reason == "changedAtReset"
        assert card.requests.count(ENABLE) == 1
        assert states(own) == ["disabled", "disabled", "enabled"]
        assert received(smdp) == [
            ("disable", ALBION),
            ("enable", NORDLICHT),
            ("disable", NORDLICHT),
            ("enable", SHILI),
        ]
        assert len(assistant.receipts.of(assistant.eid)) == 4
        assert (list(assistant.notifications()), assistant.journal.unfinished()) == ([], ())


def test_enable_ends_at_the_first_look_if_the_card_restores_the_previous_profile(
    euicc: SimulatedEuicc, tmp_path: Path, servers: ServerFactory, smdp: SimulatedSmdp
) -> None:
    with falling_back(euicc, tmp_path, servers, (NORDLICHT, ALBION)) as (assistant, card, own):
        with pytest.raises(BadAnswer, match=rf"after its reset Albion Mobile \({ALBION}\) is enabled"):
            assistant.enable(NORDLICHT)
        assert card.requests.count(ENABLE) == 1
        assert states(own) == ["enabled", "disabled", "disabled"]
        assert received(smdp) == [
            ("disable", ALBION),
            ("enable", NORDLICHT),
            ("disable", NORDLICHT),
            ("enable", ALBION),
        ]


def test_enable_ends_at_the_first_look_if_only_the_previous_profile_has_notifications(
    euicc: SimulatedEuicc, tmp_path: Path, servers: ServerFactory, smdp: SimulatedSmdp
) -> None:
    first, second, third = euicc.profiles
    profiles = (first, replace(second, profile_class="test"), third)
    euicc = SimulatedEuicc.create(None, profiles=profiles, authority=euicc.authority)
    with falling_back(euicc, tmp_path, servers, (NORDLICHT, ALBION)) as (assistant, card, _):
        with pytest.raises(BadAnswer, match="the card chose this itself"):
            assistant.enable(NORDLICHT)
        assert card.requests.count(ENABLE) == 1
        assert received(smdp) == [("disable", ALBION), ("enable", ALBION)]


def test_a_third_profile_without_notifications_ends_the_attempts(
    euicc: SimulatedEuicc, tmp_path: Path, servers: ServerFactory
) -> None:
    profiles = [replace(profile, notifications=()) for profile in euicc.profiles]
    euicc = SimulatedEuicc.create(None, profiles=profiles, authority=euicc.authority)
    with falling_back(euicc, tmp_path, servers, (NORDLICHT, SHILI)) as (assistant, card, _):
        with pytest.raises(BadAnswer, match="示例移动"):
            assistant.enable(NORDLICHT)
        assert card.requests.count(ENABLE) == 1


def test_an_older_notification_does_not_end_the_attempts(
    euicc: SimulatedEuicc, tmp_path: Path, servers: ServerFactory, smdp: SimulatedSmdp
) -> None:
    with Euicc(euicc) as session:
        for profile in (NORDLICHT, ALBION):
            session.enable_profile(Iccid.parse(profile), refresh=False)
    picky = replace(euicc._isdr.state, behaviour=Behaviour(accepted=(("isdpAid", True),)))
    euicc._isdr._memory.state = picky
    with Assistant(euicc, state_dir=tmp_path, servers=servers) as assistant:
        older = list(assistant.notifications())
        assistant.enable(NORDLICHT)
        assert list(assistant.notifications()) == older
    assert len(older) == 4
    assert states(euicc) == ["disabled", "enabled", "disabled"]
    assert received(smdp) == [("disable", ALBION), ("enable", NORDLICHT)]


def test_a_lost_answer_and_a_fallback_are_not_reported_as_no_change(
    euicc: SimulatedEuicc, tmp_path: Path, servers: ServerFactory, smdp: SimulatedSmdp
) -> None:
    with falling_back(euicc, tmp_path, servers, (NORDLICHT, SHILI)) as (assistant, card, _):
        card.instead(ENABLE, "6F00", carried_out=True)
        with pytest.raises(BadAnswer, match="示例移动"):
            assistant.enable(NORDLICHT)
        assert card.requests.count(ENABLE) == 1
        assert len(received(smdp)) == 4


def test_disable_ends_at_the_first_look_if_the_card_enables_the_profile_again(
    euicc: SimulatedEuicc, tmp_path: Path, servers: ServerFactory, smdp: SimulatedSmdp
) -> None:
    with falling_back(euicc, tmp_path, servers, ("", ALBION)) as (assistant, card, own):
        with pytest.raises(BadAnswer) as caught:
            assistant.disable(ALBION)
        assert caught.value.message == (
            f"The card was asked to disable Albion Mobile ({ALBION}), but after its reset Albion Mobile "
            f"({ALBION}) is enabled: the card chose this itself. All notifications were acknowledged."
        )
        assert card.requests.count(DISABLE) == 1
        assert states(own) == ["enabled", "disabled", "disabled"]
        assert received(smdp) == [("disable", ALBION), ("enable", ALBION)]


def test_disable_succeeds_if_the_card_enables_a_third_profile(
    euicc: SimulatedEuicc, tmp_path: Path, servers: ServerFactory, smdp: SimulatedSmdp
) -> None:
    with falling_back(euicc, tmp_path, servers, ("", SHILI)) as (assistant, card, _):
        outcome = assistant.disable(ALBION)
        assert [str(profile.iccid) for profile in outcome.enabled or ()] == [SHILI]
        assert card.requests.count(DISABLE) == 1
        assert sorted(received(smdp)) == [("disable", ALBION), ("enable", SHILI)]


def test_a_profile_that_the_card_enables_again_is_not_deleted(
    euicc: SimulatedEuicc, tmp_path: Path, servers: ServerFactory, smdp: SimulatedSmdp
) -> None:
    with falling_back(euicc, tmp_path, servers, ("", ALBION)) as (assistant, card, own):
        plan = assistant.plan_deletion(ALBION, disable_first=True)
        with pytest.raises(BadAnswer, match=r"chose this itself\. The profile was not deleted\. All notif"):
            assistant.delete(plan)
        assert DELETE not in card.requests
        assert states(own) == ["enabled", "disabled", "disabled"]
        assert received(smdp) == [("disable", ALBION), ("enable", ALBION)]
        assert assistant.journal.unfinished() == ()


def test_a_profile_is_deleted_if_the_card_enables_another_when_it_is_disabled(
    euicc: SimulatedEuicc, tmp_path: Path, servers: ServerFactory, smdp: SimulatedSmdp
) -> None:
    with falling_back(euicc, tmp_path, servers, ("", SHILI)) as (assistant, _, own):
        outcome = assistant.delete(assistant.plan_deletion(ALBION, disable_first=True))
        assert outcome.problem is None
        assert states(own) == ["disabled", "enabled"]
        assert sorted(received(smdp)) == [("delete", ALBION), ("disable", ALBION), ("enable", SHILI)]


def test_a_temporary_enable_that_the_card_reverts_restores_the_previous_profile(
    euicc: SimulatedEuicc, tmp_path: Path, servers: ServerFactory, smdp: SimulatedSmdp
) -> None:
    with falling_back(euicc, tmp_path, servers, (NORDLICHT, SHILI)) as (assistant, card, own):
        with (
            pytest.raises(BadAnswer, match=rf"Albion Mobile \({ALBION}\) is enabled again\.$"),
            assistant.temporarily_enabled(NORDLICHT),
        ):
            raise AssertionError
        assert states(own) == ["enabled", "disabled", "disabled"]
        assert card.requests.count(ENABLE) == 2
        assert len(received(smdp)) == 6
        assert assistant.journal.unfinished() == ()


def test_a_restoration_that_the_card_reverts_says_what_is_enabled(
    euicc: SimulatedEuicc, tmp_path: Path, servers: ServerFactory
) -> None:
    with falling_back(euicc, tmp_path, servers, (ALBION, NORDLICHT)) as (assistant, _, own):
        with pytest.raises(BadAnswer) as caught, assistant.temporarily_enabled(SHILI):
            assert states(own) == ["disabled", "disabled", "enabled"]
        assert f"after its reset Nordlicht ({NORDLICHT}) is enabled" in caught.value.message
        assert "still enabled" not in caught.value.message
        assert caught.value.advice.startswith(f"'lpa enable {ALBION}' restores the previous state. ")
        assert assistant.journal.unfinished() == ()


def test_a_temporary_enable_that_is_reverted_and_not_restored_says_both(
    euicc: SimulatedEuicc, tmp_path: Path, servers: ServerFactory
) -> None:
    fallbacks = ((NORDLICHT, SHILI), (ALBION, SHILI))
    with falling_back(euicc, tmp_path, servers, *fallbacks) as (assistant, card, own):
        with pytest.raises(BadAnswer) as caught, assistant.temporarily_enabled(NORDLICHT):
            raise AssertionError
        not_restored = f"Albion Mobile ({ALBION}) was enabled before, and could not be enabled again."
        assert not_restored in caught.value.message
        assert caught.value.advice.startswith(f"'lpa enable {ALBION}' restores the previous state. ")
        assert card.requests.count(ENABLE) == 2
        assert states(own) == ["disabled", "disabled", "enabled"]
        assert assistant.journal.unfinished() == ()


# One break of the connection while the card is read.


# The list of profiles; the notifications; the answer to the change, and then opening the channel again.
ONCE = [(PROFILES, 1), (RETRIEVE, 1), (0, 2)]
TWICE = [(PROFILES, 2), (0, 3)]


@pytest.mark.parametrize(("read", "times"), ONCE)
@pytest.mark.parametrize("change", [ENABLE, DISABLE])
def test_a_read_that_breaks_off_once_is_repeated(
    read: int, times: int, change: int, assistant: Assistant, card: DisturbedCard, smdp: SimulatedSmdp
) -> None:
    card.break_off(read, times, after=change)
    if change == ENABLE:
        outcome = assistant.enable(NORDLICHT)
        expected = [("disable", ALBION), ("enable", NORDLICHT)]
    else:
        outcome = assistant.disable(ALBION)
        expected = [("disable", ALBION)]
    assert card.requests.count(change) == 1
    assert outcome.unacknowledged == ()
    assert received(smdp) == expected
    assert assistant.journal.unfinished() == ()


@pytest.mark.parametrize(("read", "times"), TWICE)
@pytest.mark.parametrize("change", [ENABLE, DISABLE])
def test_a_read_that_breaks_off_twice_leaves_the_outcome_unknown(
    read: int, times: int, change: int, assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    card.break_off(read, times, after=change)
    with pytest.raises(OutcomeUnknown, match=r"The card cannot be read again: the connection broke off"):
        assistant.enable(NORDLICHT) if change == ENABLE else assistant.disable(ALBION)
    assert card.requests.count(change) == 1
    assert len(assistant.journal.unfinished()) == 1


@pytest.mark.parametrize(("read", "times"), ONCE)
def test_a_deletion_is_read_again_and_never_repeated(
    read: int, times: int, assistant: Assistant, card: DisturbedCard, smdp: SimulatedSmdp
) -> None:
    card.break_off(read, times, after=DELETE)
    outcome = assistant.delete(assistant.plan_deletion(NORDLICHT))
    assert (outcome.problem, outcome.unacknowledged) == (None, ())
    assert card.requests.count(DELETE) == 1
    assert received(smdp) == [("delete", NORDLICHT)]


def test_notifications_that_cannot_be_read_twice_are_left_to_recovery(
    assistant: Assistant, card: DisturbedCard, smdp: SimulatedSmdp
) -> None:
    card.break_off(RETRIEVE, 2, after=DELETE)
    (delivery,) = assistant.delete(assistant.plan_deletion(NORDLICHT)).deliveries
    assert str(delivery.problem) == "the connection broke off The notification is still on the card."
    assert (card.requests.count(DELETE), received(smdp)) == (1, [])
    assistant.recover()
    assert received(smdp) == [("delete", NORDLICHT)]


def test_a_switch_that_breaks_off_itself_is_not_repeated(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    card.break_off(ENABLE, 1)
    with pytest.raises(WireError, match="The card was read again: the change was not made"):
        assistant.enable(NORDLICHT)
    assert card.requests.count(ENABLE) == 0
    assert states(euicc) == ["enabled", "disabled", "disabled"]
