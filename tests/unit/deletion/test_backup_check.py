"""Whether a backup is possible is looked at before anything is done, and costs no try of a PIN."""

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
def test_the_lock_of_the_profile_in_use_is_known_and_no_try_is_used_up(
    pin: str | None, tries: int, found: list[str], tmp_path: Path
) -> None:
    card = holding(replace(LOCKED, pin=pin, pin_tries=tries))
    with Assistant(card, state_dir=tmp_path) as assistant:
        plan = planned(assistant, ICCID)
    assert names(plan) == found
    assert plan.deletable
    assert card.profiles[0].contents.pin_tries == tries


def test_the_number_of_tries_is_told(tmp_path: Path) -> None:
    with Assistant(holding(LOCKED), state_dir=tmp_path) as assistant:
        (lock,) = (one for one in planned(assistant, ICCID).findings if one.name == "pin-needed")
    assert lock.message == "Its contacts and messages are locked with a PIN. Tries left: 3."


def test_a_lock_whose_tries_the_card_does_not_tell_is_a_lock_all_the_same(tmp_path: Path) -> None:
    strange = Spoiled(holding(LOCKED), file="8900000100", answers={"0020": "6F00"})
    with Assistant(strange, state_dir=tmp_path) as assistant:
        (lock,) = (one for one in planned(assistant, ICCID).findings if one.name == "pin-needed")
    assert lock.message == "Its contacts and messages are locked with a PIN."


def test_a_card_that_shows_no_files_keeps_its_plan(tmp_path: Path) -> None:
    card = holding(LOCKED)
    mute = Spoiled(card, file="2FE2", answers={"00B0": "6F00"})
    with Assistant(mute, state_dir=tmp_path) as assistant:
        assert names(planned(assistant, ICCID)) == ["backup"]


def test_after_the_look_a_card_without_channels_is_deleted_from(tmp_path: Path) -> None:
    profiles = [replace(one, contents=LOCKED) for one in samples.profiles(2)]
    card = SimulatedEuicc.create(None, profiles=profiles, behaviour=Behaviour(channels=0))
    with Assistant(card, state_dir=tmp_path) as assistant:
        plan = planned(assistant, ICCID)
        assert names(plan) == ["backup", "pin-needed"]
        assistant.delete(plan)
    assert [profile.iccid for profile in card.profiles] == [profiles[1].iccid]


@pytest.mark.parametrize(
    ("rules_in_use", "rules", "said"),
    [
        (("ppr1",), (), "is in use, and may not be disabled for that (PPR1)."),
        ((), ("ppr1",), "could not be taken out of use again (PPR1)."),
    ],
)
def test_a_backup_that_the_operators_forbid_stops_where_it_is_wanted_only(
    rules_in_use: tuple[str, ...], rules: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    first, second = samples.profiles(2)
    pair = [replace(first, policy_rules=rules_in_use), replace(second, policy_rules=rules)]
    with Assistant(SimulatedEuicc.create(None, profiles=pair), state_dir=tmp_path) as assistant:
        plan = planned(assistant, second.iccid)
        assert (names(plan), plan.deletable) == (["no-backup"], True)
        wanted = planned(assistant, second.iccid, tmp_path / "saved")
    assert names(wanted) == []
    (stop,) = wanted.blockers
    assert (stop.refused.function, stop.name) == ("EnableProfile", "disallowedByPolicy")
    assert stop.message.endswith(said)


def test_a_backup_stops_where_it_is_wanted_if_what_is_in_use_cannot_be_read(tmp_path: Path) -> None:
    euicc = SimulatedEuicc.create(None)
    card = UnreadableProfileCard(euicc, euicc.profiles[0].iccid)
    with Assistant(card, state_dir=tmp_path) as assistant:
        plan = planned(assistant, "0025")
        assert (names(plan), plan.deletable) == (["no-backup"], True)
        (stop,) = planned(assistant, "0025", tmp_path / "saved").blockers
    assert (stop.refused.function, stop.name) == ("EnableProfile", "unreadableProfile")
    assert stop.message.startswith("Its contacts and messages cannot be saved. The card lists a profile that")


def test_a_folder_that_is_there_already_stops_and_so_does_a_link_to_nowhere(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    with Assistant(holding(LOCKED), state_dir=tmp_path / "state") as assistant:
        for folder in (tmp_path, tmp_path / "link"):
            (stop,) = planned(assistant, ICCID, folder).blockers
            assert (stop.name, stop.message) == ("folderExists", f"{folder} is there already.")
        assert planned(assistant, ICCID, tmp_path / "new").blockers == ()
