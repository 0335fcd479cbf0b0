"""`lpa enable`, `disable`, `delete` and `reset`: what they show, ask and report."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.journal import DELETING, Journal
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.records import NotificationConfiguration, Profile
from lpa.sim.crypto.pki import Authority
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.sim.simulated_profile import SimulatedProfile
from tests.support import command
from tests.support.disturbed import DisturbedCard

ALBION, NORDLICHT, SHILI = "8944994000000000017", "8949985000000000025", "89869870000000000033"


@dataclass(frozen=True)
class World:
    """A card, its server, and the options for both. `lost`: options with an unreachable server."""

    card: Path
    smdp: SimulatedSmdp
    found: tuple[str, ...]
    lost: tuple[str, ...]

    @property
    def eid(self) -> str:
        card = SimulatedEuicc.load(self.card)
        card.close()
        return card.eid

    @property
    def states(self) -> dict[str, str]:
        card = SimulatedEuicc.load(self.card)
        card.close()
        return {profile.iccid: profile.state for profile in card.profiles}

    @property
    def received(self) -> list[tuple[str, str]]:
        return [(item.event, str(item.iccid)) for item in self.smdp.received]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    folder = command.card(tmp_path / "card")
    place = ("--reader", f"sim:{folder}", "--state-dir", str(tmp_path / "state"))
    common = (*place, "--connect-to")
    with SimulatedSmdp(Authority.load(folder), host="*.smdp.example", any_address=True) as smdp:
        # Nothing listens on port 1 of this computer.
        yield World(folder, smdp, (*common, smdp.connect_to), (*common, "::127.0.0.1:1"))


def test_enable_notifies_the_servers_of_both_profiles(world: World) -> None:
    ran = command.run(*world.found, "enable", "0025")
    assert (ran.code, ran.err) == (0, "")
    lines = [line for line in ran.out.splitlines() if "Receipt: " not in line]
    assert lines == [
        f"Disabled Albion Mobile ({ALBION}).",
        "  albion.smdp.example acknowledged; notification 1 removed from the card.",
        f"Enabled Nordlicht ({NORDLICHT}).",
        "  nordlicht.smdp.example acknowledged; notification 2 removed from the card.",
        f"Nordlicht ({NORDLICHT}) is enabled.",
        "All notifications were acknowledged.",
    ]
    assert world.states[NORDLICHT] == "enabled"
    assert world.received == [("disable", ALBION), ("enable", NORDLICHT)]


def test_enable_and_disable_do_nothing_if_already_done(world: World) -> None:
    ran = command.run(*world.found, "enable", "0017")
    assert ran.out == f"Albion Mobile ({ALBION}) is already enabled.\n"
    ran = command.run(*world.found, "disable", "0025")
    assert ran.out == f"Nordlicht ({NORDLICHT}) is already disabled.\n"


def test_disable_says_which_profile_is_enabled_then(world: World) -> None:
    ran = command.run(*world.found, "disable", "0017")
    assert f"Albion Mobile ({ALBION}) is disabled; enabled now: none.\n" in ran.out


def test_enable_says_which_profile_the_card_chose_instead(tmp_path: Path) -> None:
    behaviour = Behaviour(fallbacks=((NORDLICHT, SHILI),))
    SimulatedEuicc.create(tmp_path / "card", behaviour=behaviour).close()
    place = ("--reader", f"sim:{tmp_path / 'card'}", "--state-dir", str(tmp_path / "state"))
    with SimulatedSmdp(Authority.load(tmp_path / "card"), host="*.smdp.example", any_address=True) as smdp:
        ran = command.run(*place, "--connect-to", smdp.connect_to, "enable", "0025")
        assert (ran.code, ran.out) == (3, "")
        assert ran.err == (
            f"lpa: The card was asked to enable Nordlicht ({NORDLICHT}), but after its reset 示例移动 "
            f"({SHILI}) is enabled: the card chose this itself. All notifications were acknowledged.\n"
            "It may do so at every reset; ask the maker of the card how to change that.\n"
        )
        ran = command.run(*place, "--connect-to", smdp.connect_to, "--json", "enable", "0025")
        assert (ran.document["error"]["kind"], ran.document["error"]["reason"]) == (
            "BadAnswer",
            "changedAtReset",
        )
        assert len(smdp.received) == 8
    # Without the server: what the card signed is kept, and stays pending.
    ran = command.run(*place, "--connect-to", "::127.0.0.1:1", "enable", "0025")
    assert "'lpa notifications send' sends pending notifications.\n" in ran.err
    assert len(list(tmp_path.rglob("*.der"))) == 12
    assert command.run(*place, "list").out.count("enabled") == 1


def test_disable_says_which_profile_the_card_enabled_then(tmp_path: Path) -> None:
    SimulatedEuicc.create(tmp_path / "card", behaviour=Behaviour(fallbacks=(("", SHILI),))).close()
    place = ("--reader", f"sim:{tmp_path / 'card'}", "--state-dir", str(tmp_path / "state"))
    ran = command.run(*place, "--connect-to", "::127.0.0.1:1", "disable", "0017")
    assert f"Enabled by another program or the card itself: 示例移动 ({SHILI}).\n" in ran.out
    assert f"Albion Mobile ({ALBION}) is disabled; enabled now: 示例移动 ({SHILI}).\n" in ran.out


def test_the_profile_that_a_test_profile_replaced_is_enabled_again(tmp_path: Path) -> None:
    operator = SimulatedProfile(ALBION, "enabled", service_provider="{Albion}")
    test = SimulatedProfile(NORDLICHT, service_provider="Nordlicht", profile_class="test")
    options = ("--reader", f"sim:{command.card(tmp_path / 'card', operator, test)}", "--state-dir", tmp_path)
    assert command.run(*options, "enable", "0025").code == 0
    ran = command.run(*options, "disable", "0025")
    assert ran.code == 0
    assert ran.out == (
        f"Enabled {{Albion}} ({ALBION}).\n"
        f"Disabled Nordlicht ({NORDLICHT}).\n"
        f"Nordlicht ({NORDLICHT}) is disabled; enabled now: {{Albion}} ({ALBION}).\n"
    )
    assert command.run(*options, "enable", "0025").code == 0
    ran = command.run(*options, "delete", "0025", "--disable-first", "--yes", "--accept", "not-operational")
    assert "another program" not in ran.out
    assert "Notifies        no server: it is a test profile\n" in ran.err
    assert f"Nordlicht ({NORDLICHT}) was deleted permanently.\n" in ran.out
    assert "inform them yourself" not in ran.out + ran.err


def test_disabling_with_an_unreachable_server_is_exit_code_4(world: World) -> None:
    ran = command.run(*world.lost, "disable", "0017")
    assert ran.code == 4
    assert world.states[ALBION] == "disabled"
    assert "  albion.smdp.example has not acknowledged yet.\n" in ran.out
    assert "  Cannot reach albion.smdp.example at 127.0.0.1:1: connection refused.\n" in ran.out
    assert re.search(
        r"\n1 notification is pending; next try in [12] minutes? \([-\d ]*\d\d:\d\d\)\.\n"
        "'lpa notifications send' sends it now\\.\n"
        "It is also retried by the next command that goes online once it is due\\.\n$",
        ran.out,
    )


def test_exit_code_4_has_a_document_with_result_and_error(world: World) -> None:
    document = command.run(*world.lost, "--json", "disable", "0017").document
    assert document["ok"] is False
    assert document["error"]["kind"] == "ConnectFailed"
    (delivery,) = document["result"]["deliveries"]
    assert (delivery["events"], delivery["iccid"], delivery["acknowledged"]) == (["disable"], ALBION, False)
    assert Path(delivery["receipt"]["path"]).read_bytes()[:1] == b"\x30"


def test_a_plan_shows_what_would_be_done_and_changes_nothing(world: World) -> None:
    ran = command.run(*world.found, "delete", "0017", "--disable-first", "--plan")
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
        f"Card            EID {world.eid}\n"
        f"                in sim:{world.card}\n"
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
    document = command.run(*world.found, "delete", "0017", "--disable-first", "--plan", "--json").document
    assert document["result"]["addresses"] == ["albion.smdp.example"]
    assert document["result"]["disable_first"] is True
    assert len(world.states) == 3
    assert world.received == []


def test_delete_asks_and_reports_what_it_did(world: World) -> None:
    ran = command.converse(*world.found, "delete", "0025", types="0025\n")
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
    assert NORDLICHT not in world.states
    assert world.received == [("delete", NORDLICHT)]


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
def test_delete_needs_the_right_digits(world: World, types: str) -> None:
    ran = command.converse(*world.found, "delete", "0025", types=types)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.endswith("Nothing was changed.\n")
    assert NORDLICHT in world.states
    assert world.received == []


def test_ctrl_c_at_the_question_changes_nothing(world: World) -> None:
    ran = command.converse(*world.found, "delete", "0025", types=command.CTRL_C)
    assert ran.code == 130
    assert ran.err.endswith("\x1b[31mlpa: Interrupted.\x1b[0m\nNothing was changed.\n")
    assert NORDLICHT in world.states


def test_without_a_terminal_delete_names_the_option_that_confirms(world: World) -> None:
    ran = command.run(*world.found, "delete", "0025")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.endswith(
        "lpa: This needs confirmation, and there is no terminal to ask at.\n"
        "Nothing was changed. Use --yes to confirm without being asked.\n"
    )
    assert NORDLICHT in world.states


def test_yes_confirms_and_the_plan_is_still_shown(world: World) -> None:
    ran = command.run(*world.found, "delete", "0017", "--disable-first", "--yes")
    assert ran.code == 0
    assert ran.err.startswith("To delete       Albion Mobile\n")
    assert [line for line in ran.out.splitlines() if not line.startswith(" ")] == [
        f"Disabled Albion Mobile ({ALBION}).",
        f"Deleted Albion Mobile ({ALBION}).",
        f"Albion Mobile ({ALBION}) was deleted permanently.",
        "All notifications were acknowledged.",
    ]
    assert world.received == [("disable", ALBION), ("delete", ALBION)]


def test_an_enabled_profile_is_not_deleted_without_disable_first(world: World) -> None:
    ran = command.run(*world.found, "delete", "0017", "--yes", "--json")
    assert ran.code == 1
    assert ran.document["error"]["kind"] == "Refused"
    assert ran.document["error"]["reason"] == "profileNotInDisabledState"


def test_a_deletion_that_did_not_happen_is_reported_as_unknown(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lying(folder: Path) -> DisturbedCard:
        card = DisturbedCard(SimulatedEuicc.load(folder))
        card.instead(0xBF33, "BF3303800100 9000")
        return card

    with monkeypatch.context() as patch:
        command.put_in(patch, lying)
        ran = command.run(*world.found, "delete", "0025", "--yes")
    assert (ran.code, ran.out) == (3, "")
    assert f"lpa: The card reports that {NORDLICHT} is deleted, but still lists it.\n" in ran.err
    assert command.run(*world.found, "notifications", "list").out == ""
    assert command.run(*world.found, "resume").code == 0
    assert NORDLICHT in world.states
    assert world.received == []


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


def test_reset_asks_for_digits_of_the_eid_and_deletes_everything(world: World) -> None:
    ran = command.converse(*world.found, "reset", types=f"{world.eid[-6:]}\n")
    assert ran.code == 0
    assert f"To delete  Albion Mobile ({ALBION}), enabled\n" in ran.err
    assert "To confirm, type the last six digits of the EID: " in ran.err
    assert "The card was reset.\n" in ran.out
    assert world.states == {}
    assert sorted(world.received) == [("delete", ALBION), ("delete", NORDLICHT), ("delete", SHILI)]


def test_reset_with_wrong_digits_changes_nothing(world: World) -> None:
    ran = command.converse(*world.found, "reset", types="000017\n")
    assert (ran.code, ran.out) == (1, "")
    assert len(world.states) == 3


def test_without_a_terminal_reset_needs_the_eid_of_this_card(world: World) -> None:
    ran = command.run(*world.found, "reset")
    assert ran.code == 1
    assert "Use --yes-delete-everything with the EID to confirm" in ran.err
    other = "89049032000000000000000000000097"
    assert command.run(*world.found, "reset", "--yes-delete-everything", other).code == 1
    assert len(world.states) == 3
    assert command.run(*world.found, "reset", "--yes-delete-everything", world.eid).code == 0
    assert world.states == {}


def test_reset_of_the_default_server_deletes_no_profile(world: World) -> None:
    assert command.run(*world.found, "default-server", "mine.example").code == 0
    ran = command.run(*world.found, "reset", "--default-server", "--yes-delete-everything", world.eid)
    assert ran.code == 0
    assert "To delete       no profile\n" in ran.err
    assert len(world.states) == 3
    assert "smdp.example" in command.run(*world.found, "default-server").out


def test_a_protected_profile_is_not_deleted_until_it_is_unprotected(world: World) -> None:
    assert command.run(*world.found, "protect", "0025").out == (
        f"Nordlicht ({NORDLICHT}) is protected: 'lpa delete' and 'lpa reset' refuse to delete it.\n"
    )
    refused = command.run(*world.found, "delete", "0025", "--yes", "--json")
    assert (refused.code, refused.document["error"]["reason"]) == (1, "protected")
    assert command.run(*world.found, "unprotect", "0025").code == 0
    assert command.run(*world.found, "delete", "0025", "--yes").code == 0
    assert len(world.states) == 2


def test_a_plan_in_json_has_every_finding_with_its_level(world: World) -> None:
    document = command.run(*world.found, "delete", "0017", "--plan", "--json").document
    levels = {finding["name"]: finding["level"] for finding in document["result"]["findings"]}
    assert levels["profileNotInDisabledState"] == "blocker"
    assert levels["contract"] == "note"
    assert len(world.states) == 3


def test_an_interrupted_operation_is_recovered_before_the_next_change(world: World) -> None:
    notified = (NotificationConfiguration(("delete",), "nordlicht.smdp.example"),)
    before = (
        Profile(Iccid.parse(ALBION), state="enabled"),
        Profile(Iccid.parse(NORDLICHT), service_provider="Nordlicht", notifications=notified),
        Profile(Iccid.parse(SHILI)),
    )
    with SimulatedEuicc.load(world.card) as card, Assistant(card) as assistant:
        assistant.euicc.delete_profile(Iccid.parse(NORDLICHT))
    journal = Journal(Path(world.found[3]))
    with (
        contextlib.suppress(KeyboardInterrupt),
        journal.operation(Eid.parse(world.eid), "delete", before) as it,
    ):
        it.set_state(DELETING)
        raise KeyboardInterrupt
    journal.close()
    ran = command.run(*world.found, "disable", "0017", "--json")
    assert ran.code == 0
    (recovered,) = ran.document["result"]["recovered"]
    assert (recovered["function"], [one["event"] for one in recovered["changes"]]) == ("delete", ["delete"])
    assert "An earlier 'delete' (" in ran.err
    assert f"  Deleted Nordlicht ({NORDLICHT})." in ran.err
    assert world.received == [("delete", NORDLICHT), ("disable", ALBION)]
    assert command.run(*world.found, "resume").err == "Nothing to resume.\n"
