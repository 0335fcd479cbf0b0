"""`lpa sim`: a card to make, to put into a virtual reader, and a server for it."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from tests.unit import command


def test_a_new_card_can_be_listed_at_once(tmp_path: Path) -> None:
    ran = command.run("sim", "new", tmp_path / "card", "--profiles", "8", "--json")
    assert ran.code == 0
    assert ran.document["command"] == "sim new"
    listed = command.run("--reader", f"sim:{tmp_path / 'card'}", "list", "--json").document
    assert len(listed["result"]["profiles"]) == 8
    info = command.run("--reader", f"sim:{tmp_path / 'card'}", "info", "--json").document
    assert info["result"]["eid"] == ran.document["result"]["eid"]


def test_a_new_card_on_another_curve_works_too(tmp_path: Path) -> None:
    assert command.run("sim", "new", tmp_path / "card", "--curve", "brainpoolP256r1").code == 0
    assert command.run("--reader", f"sim:{tmp_path / 'card'}", "list").code == 0


def test_a_new_card_does_not_replace_anything(tmp_path: Path) -> None:
    command.card(tmp_path / "card")
    before = (tmp_path / "card" / "card.json").read_bytes()
    assert command.run("sim", "new", tmp_path / "card").code == 2
    assert (tmp_path / "card" / "card.json").read_bytes() == before


def test_a_card_needs_a_virtual_reader(tmp_path: Path) -> None:
    ran = command.run("sim", "card", command.card(tmp_path / "card"), "--vpcd", "127.0.0.1:1", "--json")
    assert (ran.code, ran.document["error"]["kind"]) == (3, "NoReader")


@pytest.mark.parametrize("place", ["localhost", "localhost:0", "localhost:x"])
def test_a_place_without_a_port_is_a_usage_error(tmp_path: Path, place: str) -> None:
    assert command.run("sim", "card", tmp_path, "--vpcd", place).code == 2


def test_a_server_shows_what_it_accepted_until_it_is_stopped(tmp_path: Path) -> None:
    folder = command.card(tmp_path / "card")
    arguments = [*command.PROGRAM, "sim", "server", "--pki", str(folder)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr
            said = server.stderr.readline()
            options = said.partition("with: ")[2].split()
            assert options[2:] == ["--ca-bundle", str(folder / "ci.pem")]
            place = ("--reader", f"sim:{folder}", "--state-dir", tmp_path)
            ran = command.run(*place, *options, "disable", "0017")
            assert ran.code == 0
            server.send_signal(signal.SIGINT)
            out, err = server.communicate(timeout=30)
        finally:
            server.kill()
    assert (server.returncode, err) == (0, "")
    assert "disable of 8944994000000000017, notification 1 for albion.smdp.example, card 8999" in out


def test_a_server_needs_an_authority(tmp_path: Path) -> None:
    ran = command.run("sim", "server", "--pki", tmp_path)
    assert ran.code == 3
    assert "holds no certificate authority" in ran.err
