"""Commands at a real card reader: reset, protect, backup with a PIN, `lpa sim card`."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lpa.sim import samples
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.testing.pcscd import PrivatePcscd, VirtualReader
from tests.support import command

from .conftest import PlugIn


@pytest.fixture(params=["T=0", "T=1"])
def euicc(request: pytest.FixtureRequest) -> SimulatedEuicc:
    """A card with either protocol, whose enabled profile is locked with the PIN 1234."""
    first, *others = samples.profiles(3)
    locked = replace(first, contents=replace(first.contents, pin="1234"))
    return SimulatedEuicc.create(
        None, profiles=[locked, *others], behaviour=Behaviour(protocol=request.param)
    )


@pytest.fixture
def place(euicc: SimulatedEuicc, virtual_reader: PlugIn, tmp_path: Path) -> Iterator[tuple[str, ...]]:
    """The options for that card in a reader, and for its servers."""
    euicc.authority.save(tmp_path / "pki")
    names = [address for profile in euicc.profiles for address in profile.addresses("delete")]
    bundle = str(tmp_path / "pki" / "ci.pem")
    with (
        virtual_reader(euicc) as reader,
        SimulatedSmdp(euicc.authority, host=names[0], also=names[1:]) as smdp,
    ):
        state = str(tmp_path / "state")
        way = ("--ca-bundle", bundle, "--connect-to", smdp.connect_to)
        yield ("--reader", reader.name, "--state-dir", state, *way)


def test_a_reset_deletes_every_profile_and_notifies_the_servers(
    place: tuple[str, ...], euicc: SimulatedEuicc
) -> None:
    ran = command.run(*place, "reset", "--yes-delete-everything", euicc.eid, "--json")
    assert ran.code == 0
    assert euicc.profiles == ()
    assert [change["event"] for change in ran.document["result"]["changes"]] == ["delete"] * 3
    assert all(delivery["acknowledged"] for delivery in ran.document["result"]["deliveries"])


def test_a_protected_profile_is_not_deleted_until_it_is_unprotected(
    place: tuple[str, ...], euicc: SimulatedEuicc
) -> None:
    victim = euicc.profiles[1].iccid
    assert command.run(*place, "protect", victim).code == 0
    ran = command.run(*place, "delete", victim, "--yes", "--json")
    assert (ran.code, ran.document["error"]["reason"]) == (1, "protected")
    assert len(euicc.profiles) == 3
    assert command.run(*place, "unprotect", victim).code == 0
    assert command.run(*place, "delete", victim, "--yes").code == 0
    assert victim not in [profile.iccid for profile in euicc.profiles]


def test_a_locked_profile_is_saved_with_the_pin_that_is_typed(
    place: tuple[str, ...], euicc: SimulatedEuicc, tmp_path: Path
) -> None:
    folder = tmp_path / "saved"
    ran = command.run(*place, "backup", folder, "--json")
    assert (ran.code, ran.document["error"]["reason"]) == (1, "pinNeeded")
    ran = command.converse(*place, "backup", folder, "--ask-pin", types="9999\n")
    assert ran.code == 1
    assert "The PIN is wrong. Tries left: 2." in ran.err
    ran = command.converse(*place, "backup", folder, "--ask-pin", types="1234\n")
    assert ran.code == 0
    assert f"Saved 5 contacts and 6 messages in {folder}." in ran.out
    assert json.loads((folder / "identity.json").read_text())["imsi"] == "234990000000001"
    assert "1234" not in ran.out + ran.err


def test_a_disabled_profile_is_backed_up_and_deleted(
    place: tuple[str, ...], euicc: SimulatedEuicc, tmp_path: Path
) -> None:
    victim = euicc.profiles[1].iccid
    options = ("--backup", tmp_path / "saved", "--enable-first", "--yes", "--json")
    ran = command.run(*place, "delete", victim, *options)
    assert (ran.code, ran.document["result"]["problem"]) == (0, None)
    assert ran.document["result"]["backup_first"]["backup"]["contacts"] == 5
    assert json.loads((tmp_path / "saved" / "identity.json").read_text())["iccid"] == victim
    left = [(profile.iccid, profile.state) for profile in euicc.profiles]
    assert left == [("8944994000000000017", "enabled"), ("89869870000000000033", "disabled")]


def test_subscriber_data_is_read_with_the_pin_and_the_card_keeps_working(
    place: tuple[str, ...], euicc: SimulatedEuicc
) -> None:
    ran = command.converse(*place, "show", "0017", "--ask-pin", types="1234\n")
    assert ran.code == 0
    assert "IMSI          234990000000001\n" in ran.out
    assert "Phone number  +447009000001\n" in ran.out
    assert command.run(*place, "list").code == 0


def test_a_saved_plan_is_carried_out_and_names_the_reader(
    place: tuple[str, ...], euicc: SimulatedEuicc, tmp_path: Path
) -> None:
    printed = command.run(*place, "delete", "0025", "--plan", "--json")
    assert printed.document["result"]["reader"] == place[1]
    (tmp_path / "plan.json").write_text(printed.out)
    ran = command.run(*place, "delete", "--apply", tmp_path / "plan.json", "--yes")
    assert ran.code == 0
    assert "Nordlicht (8949985000000000025) was deleted permanently." in ran.out


def test_lpa_sim_card_inserts_a_card_into_the_reader(service: PrivatePcscd, tmp_path: Path) -> None:
    card = command.card(tmp_path / "card")
    with SimulatedEuicc.load(card) as euicc:
        eid = euicc.eid

    def run_the_command(port: int, pulled: threading.Event) -> None:
        arguments = ("sim", "card", str(card), "--vpcd", f"127.0.0.1:{port}")
        with subprocess.Popen([sys.executable, "-m", "lpa", *arguments], stderr=subprocess.PIPE) as process:
            pulled.wait()
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=30)[1].decode()
        ended.append((process.returncode, said))

    ended: list[tuple[int, str]] = []
    with VirtualReader(service, 0, run_the_command) as reader:
        shown = command.run("--reader", reader.name, "info", "--json").document
    assert shown["result"]["eid"] == eid
    ((code, said),) = ended
    assert code == 0
    assert said.splitlines() == [
        f"Waiting for the virtual reader at 127.0.0.1:{service.port} ...",
        f"The card {eid} is in the reader at 127.0.0.1:{service.port}. Ctrl-C removes it.",
    ]
