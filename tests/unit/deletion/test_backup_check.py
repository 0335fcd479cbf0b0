"""Check whether a backup is possible before anything is done, without using up a PIN try."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.deletion.plan import Plan
from lpa.sim import samples
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.cards import ICCID, Spoiled, holding
from tests.support.unreadable_profile import UnreadableProfileCard

LOCKED = replace(samples.profiles(1)[0].contents, pin="1234")


def planned(assistant: Assistant, iccid: str, folder: Path | None = None) -> Plan:
    plan = assistant.review_deletion(assistant.plan_deletion(iccid, disable_first=True))
    return assistant.review_backup(plan, folder)


def names(plan: Plan) -> list[str]:
    return [one.name for one in plan.findings if one.name.startswith(("pin", "backup", "no-backup"))]


@pytest.mark.parametrize(
    ("pin", "tries", "found"),
    [
        (None, 3, ["backup"]),
        ("1234", 3, ["backup", "pin-needed"]),
        ("1234", 1, ["pin-last-try"]),
        ("1234", 0, ["pin-blocked"]),
    ],
)
def test_a_pin_lock_is_found_without_using_up_a_try(
    pin: str | None, tries: int, found: list[str], tmp_path: Path
) -> None:
    card = holding(replace(LOCKED, pin=pin, pin_tries=tries))
    with Assistant(card, state_dir=tmp_path) as assistant:
        plan = planned(assistant, ICCID)
    assert names(plan) == found
    assert plan.deletable
    assert card.profiles[0].contents.pin_tries == tries


def test_the_remaining_tries_are_reported(tmp_path: Path) -> None:
    with Assistant(holding(LOCKED), state_dir=tmp_path) as assistant:
        (lock,) = (one for one in planned(assistant, ICCID).findings if one.name == "pin-needed")
    assert lock.message == "Its contacts and messages are locked with a PIN. Tries left: 3."


def test_a_lock_with_unknown_tries_is_reported_too(tmp_path: Path) -> None:
    strange = Spoiled(holding(LOCKED), file="8900000100", answers={"0020": "6F00"})
    with Assistant(strange, state_dir=tmp_path) as assistant:
        (lock,) = (one for one in planned(assistant, ICCID).findings if one.name == "pin-needed")
    assert lock.message == "Its contacts and messages are locked with a PIN."


def test_a_card_that_shows_no_files_leaves_the_plan_unchanged(tmp_path: Path) -> None:
    card = holding(LOCKED)
    mute = Spoiled(card, file="2FE2", answers={"00B0": "6F00"})
    with Assistant(mute, state_dir=tmp_path) as assistant:
        assert names(planned(assistant, ICCID)) == ["backup"]


def test_a_card_without_channels_can_delete_after_the_check(tmp_path: Path) -> None:
    profiles = [replace(one, contents=LOCKED) for one in samples.profiles(2)]
    card = SimulatedEuicc.create(None, profiles=profiles, behaviour=Behaviour(channels=0))
    with Assistant(card, state_dir=tmp_path) as assistant:
        plan = planned(assistant, ICCID)
        assert names(plan) == ["backup", "pin-needed"]
        assistant.delete(plan)
    assert [profile.iccid for profile in card.profiles] == [profiles[1].iccid]


@pytest.mark.parametrize(
    ("enabled_rules", "rules", "message"),
    [
        (("ppr1",), (), "is enabled, and its operator does not allow disabling it (PPR1)."),
        ((), ("ppr1",), "Once enabled for that, it could not be disabled again (PPR1)."),
    ],
)
def test_a_backup_that_an_operator_forbids_is_a_blocker_only_if_wanted(
    enabled_rules: tuple[str, ...], rules: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    first, second = samples.profiles(2)
    pair = [replace(first, policy_rules=enabled_rules), replace(second, policy_rules=rules)]
    with Assistant(SimulatedEuicc.create(None, profiles=pair), state_dir=tmp_path) as assistant:
        plan = planned(assistant, second.iccid)
        assert (names(plan), plan.deletable) == (["no-backup"], True)
        wanted = planned(assistant, second.iccid, tmp_path / "saved")
    assert names(wanted) == []
    (blocker,) = wanted.blockers
    assert (blocker.refused.function, blocker.name) == ("EnableProfile", "disallowedByPolicy")
    assert blocker.message.endswith(message)


def test_an_unreadable_profile_is_a_blocker_only_if_a_backup_is_wanted(tmp_path: Path) -> None:
    euicc = SimulatedEuicc.create(None)
    card = UnreadableProfileCard(euicc, euicc.profiles[0].iccid)
    with Assistant(card, state_dir=tmp_path) as assistant:
        iccid = euicc.profiles[1].iccid
        plan = planned(assistant, iccid)
        assert (names(plan), plan.deletable) == (["no-backup"], True)
        (blocker,) = planned(assistant, iccid, tmp_path / "saved").blockers
    assert (blocker.refused.function, blocker.name) == ("EnableProfile", "unreadableProfile")
    assert blocker.message.startswith(
        "Its contacts and messages cannot be saved. The card lists a profile that"
    )


def test_an_existing_folder_or_a_dangling_link_is_a_blocker(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    with Assistant(holding(LOCKED), state_dir=tmp_path / "state") as assistant:
        for folder in (tmp_path, tmp_path / "link"):
            (blocker,) = planned(assistant, ICCID, folder).blockers
            assert (blocker.name, blocker.message) == ("folderExists", f"{folder} already exists.")
        assert planned(assistant, ICCID, tmp_path / "new").blockers == ()
