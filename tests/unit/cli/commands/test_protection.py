"""`lpa protect`: a protected profile is marked, and `lpa delete` and `lpa reset` refuse to delete it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lpa import Assistant
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support import command
from tests.support.unreadable_profile import UnreadableProfileCard

ALBION, NORDLICHT, SHILI = "8944994000000000017", "8949985000000000025", "89869870000000000033"


@pytest.fixture
def card(tmp_path: Path) -> Path:
    return command.card(tmp_path / "card")


def run(card: Path, *words: object) -> command.Ran:
    place = ("--reader", f"sim:{card}", "--state-dir", card.parent / "state", "--connect-to", "::127.0.0.1:1")
    return command.run(*place, *words)


def count(card: Path) -> int:
    with SimulatedEuicc.load(card) as euicc:
        return len(euicc.profiles)


def eid(card: Path) -> str:
    with SimulatedEuicc.load(card) as euicc:
        return euicc.eid


def test_a_reset_is_refused_while_it_would_delete_a_protected_profile(card: Path) -> None:
    run(card, "protect", NORDLICHT)
    ran = run(card, "reset", "--yes-delete-everything", eid(card))
    assert (ran.code, ran.out) == (1, "")
    assert f"Nordlicht ({NORDLICHT}), disabled, protected on this computer\n" in ran.err
    assert f"lpa: The profile Nordlicht ({NORDLICHT}) is protected on this computer.\n" in ran.err
    assert ran.err.endswith("'lpa unprotect 0025' lifts the protection.\n")
    assert count(card) == 3
    document = run(card, "reset", "--yes-delete-everything", eid(card), "--json").document
    assert document["error"]["reason"] == "protected"
    run(card, "unprotect", NORDLICHT)
    assert run(card, "reset", "--yes-delete-everything", eid(card)).code == 4
    assert count(card) == 0


def test_a_blocked_reset_does_not_ask(card: Path) -> None:
    run(card, "protect", NORDLICHT)
    ran = run(card, "reset")
    assert "protected" in ran.err
    assert "type the last six digits" not in ran.err
    assert "--yes-delete-everything" not in ran.err


def test_protected_profiles_are_listed_without_a_card(card: Path) -> None:
    nothing = ("--reader", "no such reader", "--state-dir", card.parent / "state")
    ran = command.run(*nothing, "protect", "--list")
    assert ran == command.Ran(0, "", "No profile is protected on this computer.\n")
    for iccid in (SHILI, NORDLICHT):
        run(card, "protect", iccid)
    assert command.run(*nothing, "protect", "--list") == command.Ran(0, f"{NORDLICHT}\n{SHILI}\n", "")
    document = command.run(*nothing, "protect", "--list", "--json").document
    assert document["result"] == {"iccids": [NORDLICHT, SHILI]}
    run(card, "unprotect", SHILI)
    assert command.run(*nothing, "protect", "--list").out == f"{NORDLICHT}\n"


@pytest.mark.parametrize("words", [(), (NORDLICHT, "--list")])
def test_protect_needs_a_name_or_list(words: tuple[str, ...], card: Path) -> None:
    ran = run(card, "protect", *words)
    assert ran.code == 2
    assert "Give a NAME, or --list." in ran.err


def test_a_protected_profile_is_marked_in_list_and_show(card: Path) -> None:
    before = run(card, "list").out
    assert "rotected" not in before + run(card, "show", NORDLICHT).out
    assert not (card.parent / "state").exists(), "listing made a journal"
    run(card, "protect", NORDLICHT)
    lines = run(card, "list").out.splitlines()
    assert ["disabled, protected" in line for line in lines] == [False, False, True, False]
    shown = run(card, "show", NORDLICHT).out
    assert "Protected     on this computer: 'lpa delete' and 'lpa reset' refuse to delete it\n" in shown
    listed = run(card, "list", "--json").document["result"]["profiles"]
    assert [profile["protected"] for profile in listed] == [False, True, False]
    assert run(card, "show", NORDLICHT, "--json").document["result"]["protected"] is True
    assert run(card, "show", ALBION, "--json").document["result"]["protected"] is False
    run(card, "unprotect", NORDLICHT)
    assert run(card, "list").out == before


def test_list_works_with_a_damaged_journal(card: Path) -> None:
    (card.parent / "state").mkdir(mode=0o700)
    journal = card.parent / "state" / "journal.db"
    journal.touch(mode=0o600)
    journal.write_bytes(b"no journal at all" * 100)
    ran = run(card, "list")
    assert (ran.code, ran.err) == (0, "")
    assert (
        "Protected     unknown: the journal on this computer cannot be read\n"
        in run(card, "show", NORDLICHT).out
    )
    listed = run(card, "list", "--json").document["result"]["profiles"]
    assert [profile["protected"] for profile in listed] == [None, None, None]


@pytest.fixture
def hiding(card: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The card, with a profile that cannot be read."""
    command.put_in(monkeypatch, lambda path: UnreadableProfileCard(SimulatedEuicc.load(path), SHILI))
    return card


def test_an_unreadable_profile_is_mentioned_before_a_reset(hiding: Path) -> None:
    ran = run(hiding, "reset", "--yes-delete-everything", eid(hiding))
    assert "           possibly 1 profile that cannot be read\n" in ran.err
    assert f"Deleted {SHILI}.\n" in ran.out
    assert count(hiding) == 0


def test_a_reset_is_refused_if_an_unreadable_profile_may_be_protected(hiding: Path) -> None:
    with (
        SimulatedEuicc.load(hiding) as euicc,
        Assistant(euicc, state_dir=hiding.parent / "state") as assistant,
    ):
        assistant.protect(SHILI)
    ran = run(hiding, "reset", "--yes-delete-everything", eid(hiding))
    assert (ran.code, ran.out) == (1, "")
    assert f"may be one that is protected on this computer: {SHILI}.\n" in ran.err
    assert count(hiding) == 3


def test_an_unreadable_profile_is_listed_among_the_other_profiles(hiding: Path) -> None:
    ran = run(hiding, "delete", NORDLICHT, "--plan")
    assert f"Other profiles  Albion Mobile ({ALBION}), enabled\n" in ran.out
    assert "                1 profile that cannot be read\n" in ran.out
