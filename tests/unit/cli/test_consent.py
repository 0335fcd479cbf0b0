"""`lpa delete`: what is refused before a person is asked, and which yes it takes for which warning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lpa.profiles.blockers import WARNINGS
from lpa.sim import samples
from lpa.sim.crypto.pki import Authority
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.sim.simulated_profile import SimulatedProfile
from tests.support import command

ALBION, NORDLICHT = "8944994000000000017", "8949985000000000025"
NOBODY = ("--connect-to", "::127.0.0.1:1")  # nobody listens on port 1 of this computer
LAST, UNTOLD, DIGITS = "last-profile", "operator-not-notified", "0025"


@pytest.fixture
def lonely(tmp_path: Path) -> Path:
    """A card with a single profile, which names no server: that is two warnings."""
    return command.card(tmp_path / "card", SimulatedProfile(NORDLICHT, service_provider="Nordlicht"))


def options(card: Path) -> tuple[object, ...]:
    return ("--reader", f"sim:{card}", "--state-dir", card.parent / "state", *NOBODY)


def iccids(card: Path) -> list[str]:
    with SimulatedEuicc.load(card) as euicc:
        return [profile.iccid for profile in euicc.profiles]


def states(card: Path) -> list[str]:
    with SimulatedEuicc.load(card) as euicc:
        return [profile.state for profile in euicc.profiles]


def test_each_warning_is_asked_for_by_its_name_and_then_the_digits(lonely: Path) -> None:
    ran = command.dialogue(*options(lonely), "delete", "0025", answers=(LAST, UNTOLD, DIGITS))
    assert ran.code == 0
    questions = ("Type last-profile", "Type operator-not-notified", "To confirm, type the last four digits")
    places = [ran.err.index(question) for question in questions]
    assert places == sorted(places)
    assert "Type last-profile to proceed despite this warning: last-profile\n" in ran.err
    assert iccids(lonely) == []


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ((DIGITS,), "The input is not last-profile."),
        (("yes",), "The input is not last-profile."),
        ((UNTOLD,), "The input is not last-profile."),
        ((LAST, LAST), "The input is not operator-not-notified."),
        ((LAST, UNTOLD, "0017"), "The input is not the last four digits of its ICCID."),
    ],
)
def test_the_digits_answer_for_no_warning_and_no_warning_for_another(
    answers: Sequence[str], said: str, lonely: Path
) -> None:
    ran = command.dialogue(*options(lonely), "delete", "0025", answers=answers)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert ran.err.endswith("Nothing was changed.\n")
    assert iccids(lonely) == [NORDLICHT]


def test_a_warning_that_was_accepted_is_not_asked_for(lonely: Path) -> None:
    words = ("delete", "0025", "--accept", LAST)
    ran = command.dialogue(*options(lonely), *words, answers=(UNTOLD, DIGITS))
    assert ran.code == 0
    assert "Type last-profile" not in ran.err
    assert iccids(lonely) == []


def test_a_yes_to_every_warning_is_no_yes_to_the_deletion(lonely: Path) -> None:
    words = ("delete", "0025", "--accept", LAST, "--accept", UNTOLD, "--accept", "backup-failed")
    alone = command.run(*options(lonely), *words)
    assert (alone.code, alone.out) == (1, "")
    assert "Use --yes to confirm without being asked." in alone.err
    assert iccids(lonely) == [NORDLICHT]
    ran = command.dialogue(*options(lonely), *words, answers=("0017",))
    assert ran.code == 1
    assert "The input is not the last four digits of its ICCID." in ran.err
    assert iccids(lonely) == [NORDLICHT]
    assert command.dialogue(*options(lonely), *words, answers=(DIGITS,)).code == 0
    assert iccids(lonely) == []


def test_without_a_terminal_all_that_has_to_be_accepted_is_named(lonely: Path) -> None:
    ran = command.run(*options(lonely), "delete", "0025")
    assert ran.code == 1
    assert "Use --yes --accept last-profile --accept operator-not-notified to confirm" in ran.err
    assert iccids(lonely) == [NORDLICHT]


@pytest.mark.parametrize("name", ["nonsense", "blocker", "LAST-PROFILE", ""])
def test_a_name_that_no_warning_has_is_a_wrong_argument_and_the_names_are_listed(
    name: str, lonely: Path
) -> None:
    ran = command.run(*options(lonely), "delete", "0025", "--yes", "--accept", name)
    assert ran.code == 2
    for known in (*WARNINGS, "backup-failed"):
        assert f"'{known}'" in ran.err
    assert iccids(lonely) == [NORDLICHT]


def test_a_download_takes_the_names_of_rules_only(lonely: Path) -> None:
    for words in (("download", "LPA:1$a.example$B"), ("discover",)):
        ran = command.run(*options(lonely), *words, "--yes", "--accept", LAST)
        assert ran.code == 2
        assert "'ppr1', 'ppr2'" in ran.err


def test_a_server_that_another_authority_vouches_for_wants_a_yes_of_its_own(tmp_path: Path) -> None:
    card = command.card(tmp_path / "card")
    stranger = Authority.mint(now=datetime.now(UTC))
    with SimulatedSmdp(stranger, host="*.smdp.example", any_address=True) as smdp:
        place = (*options(card)[:4], "--connect-to", smdp.connect_to, "delete", "0025")
        refused = command.run(*place, "--yes")
        assert refused.code == 1
        assert "Use --accept not-verified to accept them." in refused.err
        assert "It may not be the operator's server" in refused.err
        assert len(iccids(card)) == 3
        assert command.run(*place, "--yes", "--accept", "not-verified").code == 4
        assert smdp.received == ()
    assert len(iccids(card)) == 2


def test_all_that_stands_against_it_is_shown_before_it_is_refused(tmp_path: Path) -> None:
    bound = replace(samples.profiles(1)[0], policy_rules=("ppr1", "ppr2"))
    card = command.card(tmp_path / "card", bound)
    assert command.run(*options(card), "protect", ALBION).code == 0
    ran = command.run(*options(card), "delete", ALBION, "--yes")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("To delete       Albion Mobile\n")
    assert ran.err.count("Blocker: ") == 4
    assert "\nlpa: The operator does not allow Albion Mobile" in ran.err
    assert "Type last-profile" not in ran.err


def test_a_plan_in_json_says_whether_it_can_be_carried_out(tmp_path: Path) -> None:
    card = command.card(tmp_path / "card")
    for words, deletable in (((ALBION,), False), ((ALBION, "--disable-first"), True)):
        document = command.run(*options(card), "delete", *words, "--plan", "--json").document
        assert (document["ok"], document["result"]["deletable"]) == (True, deletable)


@pytest.mark.parametrize("accepted", [(), ("--accept", "backup-failed")])
def test_what_is_stopped_is_not_put_to_use_for_a_backup(accepted: tuple[str, ...], tmp_path: Path) -> None:
    card = command.card(tmp_path / "card")
    assert command.run(*options(card), "protect", NORDLICHT).code == 0
    words = ("delete", NORDLICHT, "--yes", "--enable-first", "--backup", tmp_path / "saved", *accepted)
    ran = command.run(*options(card), *words, "--json")
    assert (ran.code, ran.document["error"]["reason"]) == (1, "protected")
    assert states(card) == ["enabled", "disabled", "disabled"]
    assert not (tmp_path / "saved").exists()
    with SimulatedEuicc.load(card) as euicc:
        assert euicc.notifications == ()


def test_a_reason_is_as_long_as_a_person_writes_one(tmp_path: Path) -> None:
    card = command.card(tmp_path / "card")
    ran = command.run(*options(card), "delete", NORDLICHT, "--yes", "--reason", "号" * 501)
    assert ran.code == 2
    assert "a reason has at most 500 characters; this one has 501." in ran.err
    assert len(iccids(card)) == 3
    assert command.run(*options(card), "delete", NORDLICHT, "--yes", "--reason", "号" * 500).code == 4
