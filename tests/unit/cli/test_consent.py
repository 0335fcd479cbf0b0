"""`lpa delete`: what is refused before asking, and what must be typed for each warning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click import unstyle

from lpa.profiles.blockers import WARNINGS
from lpa.sim import samples
from lpa.sim.crypto.pki import Authority
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.sim.simulated_profile import SimulatedProfile
from tests.support import command

ALBION, NORDLICHT = "8944994000000000017", "8949985000000000025"
UNREACHABLE = ("--connect-to", "::127.0.0.1:1")  # nothing listens on port 1 of this computer
MANY = [f"8944{number:015}" for number in range(100, 130)]
LAST, NOT_NOTIFIED, DIGITS = "last-profile", "operator-not-notified", "0025"


@pytest.fixture
def single(tmp_path: Path) -> Path:
    """A card with a single profile, which names no server: that is two warnings."""
    return command.card(tmp_path / "card", SimulatedProfile(NORDLICHT, service_provider="Nordlicht"))


def options(card: Path) -> tuple[object, ...]:
    return ("--reader", f"sim:{card}", "--state-dir", card.parent / "state", *UNREACHABLE)


def iccids(card: Path) -> list[str]:
    with SimulatedEuicc.load(card) as euicc:
        return [profile.iccid for profile in euicc.profiles]


def states(card: Path) -> list[str]:
    with SimulatedEuicc.load(card) as euicc:
        return [profile.state for profile in euicc.profiles]


def test_each_warning_is_accepted_by_its_name_before_the_digits(single: Path) -> None:
    ran = command.dialogue(*options(single), "delete", "0025", answers=(LAST, NOT_NOTIFIED, DIGITS))
    assert ran.code == 0
    questions = ("Type last-profile", "Type operator-not-notified", "To confirm, type the last four digits")
    places = [ran.err.index(question) for question in questions]
    assert places == sorted(places)
    assert "Type last-profile to proceed despite this warning: last-profile\n" in ran.err
    assert iccids(single) == []


def test_what_is_deleted_stands_directly_above_the_question_after_a_long_plan(tmp_path: Path) -> None:
    """A terminal of 24 lines shows the last ones only."""
    one = SimulatedProfile(NORDLICHT, nickname="Holiday", service_provider="Nordlicht", name="Prepaid")
    others = [replace(one, iccid=number) for number in MANY]
    card = command.card(tmp_path / "card", one, *others)
    ran = command.dialogue(*options(card), "delete", "0025", answers=(NOT_NOTIFIED, "no"))
    above, _, _ = unstyle(ran.err).partition("To confirm, type the last four digits of its ICCID: ")
    assert len(above.splitlines()) > 30
    subject = [
        "To delete  Holiday",
        "Operator   Nordlicht",
        f"ICCID      {NORDLICHT}",
        "This cannot be undone.",
    ]
    assert above.splitlines()[-4:] == subject
    above_the_first, _, _ = above.partition("Type operator-not-notified")
    assert above_the_first.splitlines()[-6:-2] == subject  # The warning, in two lines, is below it.


@pytest.mark.parametrize(
    ("profiles", "words", "said"),
    [
        (1, (), "This deletes 1 profile from the card {eid}. This cannot be undone."),
        (30, (), "This deletes 30 profiles from the card {eid}. This cannot be undone."),
        (
            3,
            ("--default-server",),
            "This deletes no profile from the card {eid}, and resets its default server.",
        ),
        (
            3,
            ("--operational", "--default-server"),
            "This deletes 3 profiles from the card {eid}, and resets its default server. "
            "This cannot be undone.",
        ),
    ],
)
def test_what_a_reset_does_stands_directly_above_the_question(
    profiles: int, words: Sequence[str], said: str, tmp_path: Path
) -> None:
    card = command.card(tmp_path / "card", *(SimulatedProfile(number) for number in MANY[:profiles]))
    ran = command.dialogue(*options(card), "reset", *words, answers=("no",))
    above, _, _ = unstyle(ran.err).partition("To confirm, type the last six digits of the EID: ")
    with SimulatedEuicc.load(card) as euicc:
        expected = said.format(eid=euicc.eid)
    assert " ".join(above.splitlines()[-2:]).endswith(expected)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ((DIGITS,), "The input is not last-profile."),
        (("yes",), "The input is not last-profile."),
        ((NOT_NOTIFIED,), "The input is not last-profile."),
        ((LAST, LAST), "The input is not operator-not-notified."),
        ((LAST, NOT_NOTIFIED, "0017"), "The input is not the last four digits of its ICCID."),
    ],
)
def test_an_answer_for_another_question_is_refused(answers: Sequence[str], said: str, single: Path) -> None:
    ran = command.dialogue(*options(single), "delete", "0025", answers=answers)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert ran.err.endswith("Nothing was changed.\n")
    assert iccids(single) == [NORDLICHT]


def test_an_accepted_warning_is_not_asked_for(single: Path) -> None:
    words = ("delete", "0025", "--accept", LAST)
    ran = command.dialogue(*options(single), *words, answers=(NOT_NOTIFIED, DIGITS))
    assert ran.code == 0
    assert "Type last-profile" not in ran.err
    assert iccids(single) == []


def test_accepting_every_warning_does_not_confirm_the_deletion(single: Path) -> None:
    words = ("delete", "0025", "--accept", LAST, "--accept", NOT_NOTIFIED, "--accept", "backup-failed")
    alone = command.run(*options(single), *words)
    assert (alone.code, alone.out) == (1, "")
    assert "Use --yes to confirm without being asked." in alone.err
    assert iccids(single) == [NORDLICHT]
    ran = command.dialogue(*options(single), *words, answers=("0017",))
    assert ran.code == 1
    assert "The input is not the last four digits of its ICCID." in ran.err
    assert iccids(single) == [NORDLICHT]
    assert command.dialogue(*options(single), *words, answers=(DIGITS,)).code == 0
    assert iccids(single) == []


def test_without_a_terminal_all_needed_options_are_named(single: Path) -> None:
    ran = command.run(*options(single), "delete", "0025")
    assert ran.code == 1
    assert "Use --yes --accept last-profile --accept operator-not-notified to confirm" in ran.err
    assert iccids(single) == [NORDLICHT]


@pytest.mark.parametrize("name", ["nonsense", "blocker", "LAST-PROFILE", ""])
def test_an_unknown_warning_is_a_usage_error_that_lists_the_known_ones(name: str, single: Path) -> None:
    ran = command.run(*options(single), "delete", "0025", "--yes", "--accept", name)
    assert ran.code == 2
    for known in (*WARNINGS, "backup-failed"):
        assert f"'{known}'" in ran.err
    assert iccids(single) == [NORDLICHT]


def test_a_download_accepts_only_the_names_of_rules(single: Path) -> None:
    for words in (("download", "LPA:1$a.example$B"), ("discover",)):
        ran = command.run(*options(single), *words, "--yes", "--accept", LAST)
        assert ran.code == 2
        assert "'ppr1', 'ppr2'" in ran.err


def test_a_server_that_is_not_verified_must_be_accepted(tmp_path: Path) -> None:
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


def test_all_blockers_are_shown_before_the_refusal(tmp_path: Path) -> None:
    bound = replace(samples.profiles(1)[0], policy_rules=("ppr1", "ppr2"))
    card = command.card(tmp_path / "card", bound)
    assert command.run(*options(card), "protect", ALBION).code == 0
    ran = command.run(*options(card), "delete", ALBION, "--yes")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("To delete       Albion Mobile\n")
    assert ran.err.count("Blocker: ") == 4
    assert "\nlpa: The operator does not allow Albion Mobile" in ran.err
    assert "Type last-profile" not in ran.err


def test_a_plan_in_json_says_whether_the_profile_is_deletable(tmp_path: Path) -> None:
    card = command.card(tmp_path / "card")
    for words, deletable in (((ALBION,), False), ((ALBION, "--disable-first"), True)):
        document = command.run(*options(card), "delete", *words, "--plan", "--json").document
        assert (document["ok"], document["result"]["deletable"]) == (True, deletable)


@pytest.mark.parametrize("accepted", [(), ("--accept", "backup-failed")])
def test_a_blocked_deletion_enables_nothing_for_a_backup(accepted: tuple[str, ...], tmp_path: Path) -> None:
    card = command.card(tmp_path / "card")
    assert command.run(*options(card), "protect", NORDLICHT).code == 0
    words = ("delete", NORDLICHT, "--yes", "--enable-first", "--backup", tmp_path / "saved", *accepted)
    ran = command.run(*options(card), *words, "--json")
    assert (ran.code, ran.document["error"]["reason"]) == (1, "protected")
    assert states(card) == ["enabled", "disabled", "disabled"]
    assert not (tmp_path / "saved").exists()
    with SimulatedEuicc.load(card) as euicc:
        assert euicc.notifications == ()


def test_a_reason_that_is_no_text_is_a_usage_error(tmp_path: Path) -> None:
    card = command.card(tmp_path / "card")
    ran = command.run(*options(card), "delete", NORDLICHT, "--yes", "--reason", "over \udcff")
    assert ran.code == 2
    assert "the reason contains bytes that are no characters." in ran.err


def test_a_reason_has_at_most_500_characters(tmp_path: Path) -> None:
    card = command.card(tmp_path / "card")
    ran = command.run(*options(card), "delete", NORDLICHT, "--yes", "--reason", "号" * 501)
    assert ran.code == 2
    assert "a reason has at most 500 characters; this one has 501." in ran.err
    assert len(iccids(card)) == 3
    assert command.run(*options(card), "delete", NORDLICHT, "--yes", "--reason", "号" * 500).code == 4
