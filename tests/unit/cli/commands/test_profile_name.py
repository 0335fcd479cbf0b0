"""The argument NAME: which commands take the name of a profile, and what the others say about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lpa.sim.simulated_profile import SimulatedProfile
from tests.support import command

FIRST, SECOND, THIRD = "8944994000000000017", "8949985000000010017", "89869870000000000033"
CHANGES = [
    ("enable",),
    ("disable",),
    ("delete",),
    ("delete", "--yes"),
    ("protect",),
    ("unprotect",),
    ("rename", "--", "Work"),
]


@pytest.fixture
def place(tmp_path: Path) -> tuple[object, ...]:
    """A card with two profiles of one operator, whose ICCIDs end with the same four digits, and a third."""
    card = command.card(
        tmp_path / "card",
        SimulatedProfile(FIRST, "enabled", nickname="Holiday", service_provider="Nordlicht"),
        SimulatedProfile(SECOND, service_provider="Nordlicht", name="Prepaid"),
        SimulatedProfile(THIRD, service_provider="ADAC", name="示例日租卡"),
    )
    return ("--reader", f"sim:{card}", "--state-dir", tmp_path / "state", "--connect-to", "::127.0.0.1:1")


@pytest.mark.parametrize(
    ("name", "iccid"),
    [
        ("holiday", FIRST),
        (" PREPAID ", SECOND),
        ("示例日租卡", THIRD),
        ("adac", THIRD),  # also digits in hexadecimal
        ("0033", THIRD),
        (FIRST, FIRST),
    ],
)
def test_a_command_that_reads_takes_a_name(place: tuple[object, ...], name: str, iccid: str) -> None:
    shown = command.run(*place, "show", name, "--json")
    assert (shown.code, shown.document["result"]["iccid"]) == (0, iccid)
    plan = command.run(*place, "delete", name, "--plan", "--json")
    assert (plan.code, plan.document["result"]["profile"]["iccid"]) == (0, iccid)


@pytest.mark.parametrize("words", [("show",), ("delete", "--plan")])
def test_a_name_of_several_profiles_or_of_none_is_refused(
    place: tuple[object, ...], words: tuple[str, ...]
) -> None:
    ran = command.run(*place, *words, "nordlicht")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        f"lpa: More than one profile is called 'nordlicht': {FIRST}, {SECOND}.\n"
        "Name it by the last digits of its ICCID.\n"
    )
    for unknown in ("Holi", "017"):
        ran = command.run(*place, *words, unknown)
        assert (ran.code, ran.err.splitlines()[0]) == (
            1,
            f"lpa: The card holds no profile called '{unknown}'.",
        )
    assert command.run(*place, *words, "  ").code == 2


@pytest.mark.parametrize("words", CHANGES)
def test_a_command_that_changes_something_says_which_digits_to_give(
    place: tuple[object, ...], words: tuple[str, ...]
) -> None:
    verb, *rest = words
    ran = command.run(*place, verb, "Holiday", *rest)
    assert (ran.code, ran.out) == (2, "")
    assert (
        "'Holiday' is a name, not the digits of an ICCID. "
        f"To {verb} Holiday, name it by the last four or more digits of its ICCID: 00017.\n"
    ) in ran.err
    ran = command.run(*place, verb, "Nordlicht", *rest)
    assert ran.code == 2
    assert f"To {verb} one of 2 profiles of that name, " in ran.err
    assert ran.err.endswith(" ICCID: 00017, 10017.\n")
    listed = command.run(*place, "list", "--json").document["result"]["profiles"]
    assert [(one["state"], one["nickname"], one["protected"]) for one in listed] == [
        ("enabled", "Holiday", False),
        ("disabled", "", False),
        ("disabled", "", False),
    ]


@pytest.mark.parametrize("words", CHANGES)
def test_a_text_that_names_nothing_is_a_usage_error_with_and_without_a_card(
    place: tuple[object, ...], words: tuple[str, ...], tmp_path: Path
) -> None:
    verb, *rest = words
    for options, name in ((place, "Foo"), (("--reader", f"sim:{tmp_path / 'nothing'}"), "Holiday")):
        ran = command.run(*options, verb, name, *rest)
        assert ran.code == 2
        assert f"'{name}' names no profile: give its ICCID, its last 4 digits or more, or its AID." in ran.err
