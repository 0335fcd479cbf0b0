"""`lpa enable`, `disable` and `reset`: what they show, ask and report."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
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
from tests.support.switch_parties import SwitchParties, made

ALBION, NORDLICHT, SHILI = "8944994000000000017", "8949985000000000025", "89869870000000000033"


@pytest.fixture
def parties(tmp_path: Path) -> Iterator[SwitchParties]:
    yield from made(tmp_path)


def test_enable_notifies_the_servers_of_both_profiles(parties: SwitchParties) -> None:
    ran = command.run(*parties.found, "enable", "0025")
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
    assert parties.states[NORDLICHT] == "enabled"
    assert parties.received == [("disable", ALBION), ("enable", NORDLICHT)]


def test_enable_and_disable_do_nothing_if_already_done(parties: SwitchParties) -> None:
    ran = command.run(*parties.found, "enable", "0017")
    assert ran.out == f"Albion Mobile ({ALBION}) is already enabled.\n"
    ran = command.run(*parties.found, "disable", "0025")
    assert ran.out == f"Nordlicht ({NORDLICHT}) is already disabled.\n"


def test_disable_says_which_profile_is_enabled_then(parties: SwitchParties) -> None:
    ran = command.run(*parties.found, "disable", "0017")
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


def test_disabling_with_an_unreachable_server_is_exit_code_4(parties: SwitchParties) -> None:
    ran = command.run(*parties.lost, "disable", "0017")
    assert ran.code == 4
    assert parties.states[ALBION] == "disabled"
    assert "  albion.smdp.example has not acknowledged yet.\n" in ran.out
    assert "  Cannot reach albion.smdp.example at 127.0.0.1:1: connection refused.\n" in ran.out
    assert re.search(
        r"\n1 notification is pending; next try in [12] minutes? \([-\d ]*\d\d:\d\d\)\.\n"
        "'lpa notifications send' sends it now\\.\n"
        "It is also retried by the next command that goes online once it is due\\.\n$",
        ran.out,
    )


def test_exit_code_4_has_a_document_with_result_and_error(parties: SwitchParties) -> None:
    document = command.run(*parties.lost, "--json", "disable", "0017").document
    assert document["ok"] is False
    assert document["error"]["kind"] == "ConnectFailed"
    (delivery,) = document["result"]["deliveries"]
    assert (delivery["events"], delivery["iccid"], delivery["acknowledged"]) == (["disable"], ALBION, False)
    assert Path(delivery["receipt"]["path"]).read_bytes()[:1] == b"\x30"


def test_reset_asks_for_digits_of_the_eid_and_deletes_everything(parties: SwitchParties) -> None:
    ran = command.converse(*parties.found, "reset", types=f"{parties.eid[-6:]}\n")
    assert ran.code == 0
    assert f"To delete  Albion Mobile ({ALBION}), enabled\n" in ran.err
    assert "To confirm, type the last six digits of the EID: " in ran.err
    assert "The card was reset.\n" in ran.out
    assert parties.states == {}
    assert sorted(parties.received) == [("delete", ALBION), ("delete", NORDLICHT), ("delete", SHILI)]


def test_reset_with_wrong_digits_changes_nothing(parties: SwitchParties) -> None:
    ran = command.converse(*parties.found, "reset", types="000017\n")
    assert (ran.code, ran.out) == (1, "")
    assert len(parties.states) == 3


def test_without_a_terminal_reset_needs_the_eid_of_this_card(parties: SwitchParties) -> None:
    ran = command.run(*parties.found, "reset")
    assert ran.code == 1
    assert "Use --yes-delete-everything with the EID to confirm" in ran.err
    other = "89049032000000000000000000000097"
    assert command.run(*parties.found, "reset", "--yes-delete-everything", other).code == 1
    assert len(parties.states) == 3
    assert command.run(*parties.found, "reset", "--yes-delete-everything", parties.eid).code == 0
    assert parties.states == {}


def test_reset_of_the_default_server_deletes_no_profile(parties: SwitchParties) -> None:
    assert command.run(*parties.found, "default-server", "mine.example").code == 0
    ran = command.run(*parties.found, "reset", "--default-server", "--yes-delete-everything", parties.eid)
    assert ran.code == 0
    assert "To delete       no profile\n" in ran.err
    assert len(parties.states) == 3
    assert "smdp.example" in command.run(*parties.found, "default-server").out


def test_an_interrupted_operation_is_recovered_before_the_next_change(parties: SwitchParties) -> None:
    notified = (NotificationConfiguration(("delete",), "nordlicht.smdp.example"),)
    before = (
        Profile(Iccid.parse(ALBION), state="enabled"),
        Profile(Iccid.parse(NORDLICHT), service_provider="Nordlicht", notifications=notified),
        Profile(Iccid.parse(SHILI)),
    )
    with SimulatedEuicc.load(parties.card) as card, Assistant(card) as assistant:
        assistant.euicc.delete_profile(Iccid.parse(NORDLICHT))
    journal = Journal(Path(parties.found[3]))
    with (
        contextlib.suppress(KeyboardInterrupt),
        journal.operation(Eid.parse(parties.eid), "delete", before) as it,
    ):
        it.set_state(DELETING)
        raise KeyboardInterrupt
    journal.close()
    ran = command.run(*parties.found, "disable", "0017", "--json")
    assert ran.code == 0
    (recovered,) = ran.document["result"]["recovered"]
    assert (recovered["operation"], [one["event"] for one in recovered["changes"]]) == ("delete", ["delete"])
    assert "An earlier 'delete' (" in ran.err
    assert f"  Deleted Nordlicht ({NORDLICHT})." in ran.err
    assert parties.received == [("delete", NORDLICHT), ("disable", ALBION)]
    assert command.run(*parties.found, "resume").err == "Nothing to resume.\n"
