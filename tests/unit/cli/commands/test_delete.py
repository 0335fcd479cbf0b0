"""`lpa delete`: what it shows, asks and reports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.simulated_profile import SimulatedProfile
from tests.support import command
from tests.support.disturbed import DisturbedCard
from tests.support.switch_parties import SwitchParties, made

ALBION, NORDLICHT, SHILI = "8944994000000000017", "8949985000000000025", "89869870000000000033"


@pytest.fixture
def parties(tmp_path: Path) -> Iterator[SwitchParties]:
    yield from made(tmp_path)


def test_a_plan_shows_what_would_be_done_and_changes_nothing(parties: SwitchParties) -> None:
    ran = command.run(*parties.found, "delete", "0017", "--disable-first", "--plan")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "To delete       Albion Mobile\n"
        "                This cannot be undone.\n"
        "                It is enabled, and will be disabled first.\n"
        "Operator        Albion Mobile\n"
        "Profile         Albion Travel\n"
        f"ICCID           {ALBION}\n"
        "Class           operational\n"
        "State           enabled\n"
        "Notifies        albion.smdp.example\n"
        f"Card            EID {parties.eid}\n"
        f"                in sim:{parties.card}\n"
        f"Other profiles  Nordlicht ({NORDLICHT}), disabled\n"
        f"                示例移动 ({SHILI}), disabled\n"
        "\n"
        "Note: The card has 390 KiB of free memory.\n"
        "Note: The server albion.smdp.example can be reached and has proved its identity.\n"
        "Note: Its contacts and messages can be saved first.\n"
        "      'lpa backup' or --backup saves them.\n"
        "\n"
        "Check these yourself first:\n"
        "  Are all bills from Albion Mobile paid?\n"
        "  Has the term of the contract with Albion Mobile ended?\n"
        "  Does Albion Mobile still owe you a balance, a deposit or a refund?\n"
        "  Which accounts, banks and services use your number from Albion Mobile? "
        "Give them another number first.\n"
        "  Can you contact Albion Mobile without this number, and prove who you are?\n"
        "  Deleting the profile does not end the contract with Albion Mobile.\n"
        "\n"
        "This is only a plan: nothing was changed.\n"
    )
    document = command.run(*parties.found, "delete", "0017", "--disable-first", "--plan", "--json").document
    assert document["result"]["addresses"] == ["albion.smdp.example"]
    assert document["result"]["disable_first"] is True
    assert len(parties.states) == 3
    assert parties.received == []


def test_delete_asks_and_reports_what_it_did(parties: SwitchParties) -> None:
    ran = command.converse(*parties.found, "delete", "0025", types="0025\n")
    assert ran.code == 0
    assert "This cannot be undone." in ran.err
    assert "To confirm, type the last four digits of its ICCID: 0025\n" in ran.err
    lines = ran.out.splitlines()
    assert lines[0] == f"Deleted Nordlicht ({NORDLICHT})."
    assert lines[1] == "  nordlicht.smdp.example acknowledged; notification 1 removed from the card."
    assert lines[2].startswith("  Receipt: ")
    assert lines[3:] == [
        f"Nordlicht ({NORDLICHT}) was deleted permanently.",
        "All notifications were acknowledged.",
    ]
    assert NORDLICHT not in parties.states
    assert parties.received == [("delete", NORDLICHT)]


def test_little_free_memory_is_shown_in_bytes(tmp_path: Path) -> None:
    folder = tmp_path / "card"
    SimulatedEuicc.create(folder, free_memory=500).close()
    options = ("--reader", f"sim:{folder}", "--state-dir", tmp_path, "--connect-to", "::127.0.0.1:1")
    assert (
        "Note: The card has 500 bytes of free memory.\n"
        in command.run(*options, "delete", "0025", "--plan").out
    )
    assert "Free memory: 500 bytes before, " in command.run(*options, "delete", "0025", "--yes").err


@pytest.mark.parametrize("types", ["0017\n", "yes\n", "\n", "\x04"])
def test_delete_needs_the_right_digits(parties: SwitchParties, types: str) -> None:
    ran = command.converse(*parties.found, "delete", "0025", types=types)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.endswith("Nothing was changed.\n")
    assert NORDLICHT in parties.states
    assert parties.received == []


def test_ctrl_c_at_the_question_changes_nothing(parties: SwitchParties) -> None:
    ran = command.converse(*parties.found, "delete", "0025", types=command.CTRL_C)
    assert ran.code == 130
    assert ran.err.endswith("\x1b[31mlpa: Interrupted.\x1b[0m\nNothing was changed.\n")
    assert NORDLICHT in parties.states


def test_without_a_terminal_delete_names_the_option_that_confirms(parties: SwitchParties) -> None:
    ran = command.run(*parties.found, "delete", "0025")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.endswith(
        "lpa: This needs confirmation, and there is no terminal to ask at.\n"
        "Nothing was changed. Use --yes to confirm without being asked.\n"
    )
    assert NORDLICHT in parties.states


def test_yes_confirms_and_the_plan_is_still_shown(parties: SwitchParties) -> None:
    ran = command.run(*parties.found, "delete", "0017", "--disable-first", "--yes")
    assert ran.code == 0
    assert ran.err.startswith("To delete       Albion Mobile\n")
    assert [line for line in ran.out.splitlines() if not line.startswith(" ")] == [
        f"Disabled Albion Mobile ({ALBION}).",
        f"Deleted Albion Mobile ({ALBION}).",
        f"Albion Mobile ({ALBION}) was deleted permanently.",
        "All notifications were acknowledged.",
    ]
    assert parties.received == [("disable", ALBION), ("delete", ALBION)]


def test_an_enabled_profile_is_not_deleted_without_disable_first(parties: SwitchParties) -> None:
    ran = command.run(*parties.found, "delete", "0017", "--yes", "--json")
    assert ran.code == 1
    assert ran.document["error"]["kind"] == "Refused"
    assert ran.document["error"]["reason"] == "profileNotInDisabledState"


def test_a_deletion_that_did_not_happen_is_reported_as_unknown(
    parties: SwitchParties, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lying(folder: Path) -> DisturbedCard:
        card = DisturbedCard(SimulatedEuicc.load(folder))
        card.instead(0xBF33, "BF3303800100 9000")
        return card

    with monkeypatch.context() as patch:
        command.put_in(patch, lying)
        ran = command.run(*parties.found, "delete", "0025", "--yes")
    assert (ran.code, ran.out) == (3, "")
    assert f"lpa: The card reports that {NORDLICHT} is deleted, but still lists it.\n" in ran.err
    assert command.run(*parties.found, "notifications", "list").out == ""
    assert command.run(*parties.found, "resume").code == 0
    assert NORDLICHT in parties.states
    assert parties.received == []


def test_an_operator_that_is_not_notified_must_be_informed_by_the_person(tmp_path: Path) -> None:
    folder = command.card(tmp_path / "card", SimulatedProfile(NORDLICHT, service_provider="Nordlicht"))
    options = ("--reader", f"sim:{folder}", "--state-dir", tmp_path, "delete", "0025", "--yes")
    unaccepted = command.run(*options)
    assert unaccepted.code == 1
    assert "Use --accept last-profile --accept operator-not-notified to accept them." in unaccepted.err
    ran = command.run(*options, "--accept", "last-profile", "--accept", "operator-not-notified")
    assert ran.code == 0
    assert "Notifies        no server. The card sends no notification to this operator: inform" in ran.err
    assert ran.out == (
        f"Deleted Nordlicht ({NORDLICHT}).\n"
        f"Nordlicht ({NORDLICHT}) was deleted permanently. "
        "The card sends no notification to this operator: inform them yourself.\n"
    )


def test_a_protected_profile_is_not_deleted_until_it_is_unprotected(parties: SwitchParties) -> None:
    assert command.run(*parties.found, "protect", "0025").out == (
        f"Nordlicht ({NORDLICHT}) is protected: 'lpa delete' and 'lpa reset' refuse to delete it.\n"
    )
    refused = command.run(*parties.found, "delete", "0025", "--yes", "--json")
    assert (refused.code, refused.document["error"]["reason"]) == (1, "protected")
    assert command.run(*parties.found, "unprotect", "0025").code == 0
    assert command.run(*parties.found, "delete", "0025", "--yes").code == 0
    assert len(parties.states) == 2


def test_a_plan_in_json_has_every_finding_with_its_level(parties: SwitchParties) -> None:
    document = command.run(*parties.found, "delete", "0017", "--plan", "--json").document
    levels = {finding["name"]: finding["level"] for finding in document["result"]["findings"]}
    assert levels["profileNotInDisabledState"] == "blocker"
    assert levels["contract"] == "note"
    assert len(parties.states) == 3
