"""Enable a profile temporarily, and restore the previous one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.errors import EuiccRefused, LpaError, OutcomeUnknown, Refused, WireError
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.disturbed import DisturbedCard
from tests.support.profile_states import states
from tests.support.unreadable_profile import UnreadableProfileCard

ENABLE = 0xBF31


def test_the_previous_profile_is_restored_and_every_server_notified(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    with assistant.temporarily_enabled(euicc.profiles[1].iccid) as outcomes:
        assert states(euicc) == ["disabled", "enabled", "disabled"]
    assert states(euicc) == ["enabled", "disabled", "disabled"]
    events = [[change.event for change in outcome.changes] for outcome in outcomes]
    assert [sorted(one) for one in events] == [["disable", "enable"]] * 2
    assert len(smdp.received) == 4
    assert [outcome.unacknowledged for outcome in outcomes] == [(), ()]


def test_no_profile_is_enabled_again_if_none_was(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    assistant.disable(euicc.profiles[0].iccid)
    with assistant.temporarily_enabled(euicc.profiles[1].iccid):
        assert states(euicc) == ["disabled", "enabled", "disabled"]
    assert states(euicc) == ["disabled", "disabled", "disabled"]


def test_an_enabled_profile_is_not_switched_and_no_server_notified(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    with assistant.temporarily_enabled(euicc.profiles[0].iccid):
        pass
    assert states(euicc) == ["enabled", "disabled", "disabled"]
    assert smdp.received == ()


def test_the_previous_profile_is_restored_after_an_error(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    with (
        pytest.raises(RuntimeError, match="no backup"),
        assistant.temporarily_enabled(euicc.profiles[1].iccid),
    ):
        raise RuntimeError("no backup")
    assert states(euicc) == ["enabled", "disabled", "disabled"]


@pytest.mark.parametrize("bound", [0, 1])
def test_ppr1_that_prevents_the_restoration_is_refused_first(bound: int, tmp_path: Path) -> None:
    profiles = list(SimulatedEuicc.create(None).profiles)
    profiles[bound] = replace(profiles[bound], policy_rules=("ppr1",))
    euicc = SimulatedEuicc.create(None, profiles=profiles)
    card = DisturbedCard(euicc)
    with (
        Assistant(card, state_dir=tmp_path) as assistant,
        pytest.raises(Refused) as caught,
        assistant.temporarily_enabled(profiles[1].iccid),
    ):
        raise AssertionError
    assert (caught.value.function, caught.value.reason) == ("EnableProfile", "disallowedByPolicy")
    assert ENABLE not in card.requests


@pytest.mark.parametrize("hidden", [0, 2])
def test_an_unreadable_profile_is_refused_first(hidden: int, tmp_path: Path) -> None:
    euicc = SimulatedEuicc.create(None)
    card = UnreadableProfileCard(euicc, euicc.profiles[hidden].iccid)
    with (
        Assistant(card, state_dir=tmp_path) as assistant,
        pytest.raises(Refused) as caught,
        assistant.temporarily_enabled(euicc.profiles[1].iccid),
    ):
        raise AssertionError
    assert (caught.value.function, caught.value.reason) == ("EnableProfile", "unreadableProfile")
    assert "could not be enabled again" in caught.value.message
    assert ENABLE not in card.requests
    assert states(euicc) == ["enabled", "disabled", "disabled"]


def test_an_unreadable_profile_is_no_obstacle_if_the_target_is_enabled(tmp_path: Path) -> None:
    euicc = SimulatedEuicc.create(None)
    card = UnreadableProfileCard(euicc, euicc.profiles[2].iccid)
    with (
        Assistant(card, state_dir=tmp_path) as assistant,
        assistant.temporarily_enabled(assistant.find("0017")) as outcomes,
    ):
        assert [outcome.changes for outcome in outcomes] == [()]


def test_a_card_pulled_meanwhile_may_still_have_the_profile_enabled(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    message = "Nordlicht was enabled temporarily, and may still be enabled"
    with pytest.raises(OutcomeUnknown, match=message), assistant.temporarily_enabled(euicc.profiles[1].iccid):
        euicc.faults.add("after EnableProfile: unplug")


def test_a_plan_made_before_is_still_valid_after(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    with assistant.temporarily_enabled(plan.profile.iccid):
        pass
    assert assistant.delete(plan).problem is None


def test_an_outdated_plan_is_refused_with_the_differences(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    assistant.rename(euicc.profiles[2].iccid, "日本")
    with pytest.raises(Refused) as caught:
        assistant.delete(plan)
    assert caught.value.reason == "cardChanged"
    assert "nickname changed from none to '日本'" in caught.value.message
    assert len(euicc.profiles) == 3


def test_an_outdated_plan_is_refused_with_unreadable_differences(tmp_path: Path) -> None:
    euicc = SimulatedEuicc.create(None)
    with Assistant(UnreadableProfileCard(euicc, euicc.profiles[2].iccid), state_dir=tmp_path) as assistant:
        plan = assistant.plan_deletion(assistant.find("0025"))
    strange = replace(plan, unreadable=(b"strange",))
    with Assistant(UnreadableProfileCard(euicc, euicc.profiles[2].iccid), state_dir=tmp_path) as assistant:
        assert assistant.revalidate(plan).snapshot_digest == plan.snapshot_digest
        with pytest.raises(Refused) as caught:
            assistant.revalidate(strange)
    assert caught.value.message == (
        "The card has changed since the plan was made. "
        "The card lists 1 unreadable profile; before, it listed another."
    )


@pytest.mark.parametrize(("answer", "error"), [("6F00", WireError), ("BF3103800103 9000", EuiccRefused)])
def test_a_temporary_enable_that_changed_nothing_leaves_nothing_to_recover(
    answer: str, error: type[LpaError], assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    card.instead(ENABLE, answer)
    with pytest.raises(error), assistant.temporarily_enabled(euicc.profiles[1].iccid):
        raise AssertionError
    assert states(euicc) == ["enabled", "disabled", "disabled"]
    assert assistant.journal.unfinished() == ()


def test_recovery_restores_the_previous_profile_after_a_lost_command(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    message = "Nordlicht was enabled temporarily, and may still be enabled"
    with pytest.raises(WireError, match=message), assistant.temporarily_enabled(euicc.profiles[1].iccid):
        card.instead(ENABLE, "6F00")
    assert states(euicc) == ["disabled", "enabled", "disabled"]
    assistant.recover()
    assert states(euicc) == ["enabled", "disabled", "disabled"]
    assert assistant.journal.unfinished() == ()
