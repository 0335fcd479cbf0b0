"""`lpa sim`: create a card, insert it into a virtual reader, run a server for it."""

from __future__ import annotations

import re
import select
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from lpa.cli.app import app
from lpa.sim.crypto.pki import Authority
from tests.support import command
from tests.support.scripted_card import Client, SmallCard


def test_profiles_of_a_new_card_can_be_listed(tmp_path: Path) -> None:
    ran = command.run("sim", "new", tmp_path / "card", "--profiles", "8", "--json")
    assert ran.code == 0
    assert ran.document["command"] == "sim new"
    listed = command.run("--reader", f"sim:{tmp_path / 'card'}", "list", "--json").document
    assert len(listed["result"]["profiles"]) == 8
    info = command.run("--reader", f"sim:{tmp_path / 'card'}", "info", "--json").document
    assert info["result"]["eid"] == ran.document["result"]["eid"]


def test_a_folder_may_have_a_name_of_any_bytes(tmp_path: Path) -> None:
    folder = tmp_path / "card \udcff #2 %41?"
    assert command.run("sim", "new", folder).code == 0
    listed = command.run("--reader", f"sim:{folder}", "--state-dir", tmp_path / "state", "list")
    assert (listed.code, len(listed.out.splitlines())) == (0, 4)
    assert {path.name for path in tmp_path.iterdir()} <= {folder.name, "state"}


def test_a_new_card_on_another_curve_works_too(tmp_path: Path) -> None:
    assert command.run("sim", "new", tmp_path / "card", "--curve", "brainpoolP256r1").code == 0
    assert command.run("--reader", f"sim:{tmp_path / 'card'}", "list").code == 0


def test_a_new_card_does_not_replace_anything(tmp_path: Path) -> None:
    command.card(tmp_path / "card")
    before = (tmp_path / "card" / "card.json").read_bytes()
    assert command.run("sim", "new", tmp_path / "card").code == 2
    assert (tmp_path / "card" / "card.json").read_bytes() == before


def test_sim_card_needs_a_virtual_reader(tmp_path: Path) -> None:
    ran = command.run("sim", "card", command.card(tmp_path / "card"), "--vpcd", "127.0.0.1:1", "--json")
    assert (ran.code, ran.document["error"]["kind"]) == (3, "NoReader")
    assert ran.err == "Waiting for the virtual reader at 127.0.0.1:1 ...\n"


def test_sim_card_says_that_the_card_is_in_the_reader_once_the_reader_has_its_atr(tmp_path: Path) -> None:
    card = command.card(tmp_path / "card")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = f"127.0.0.1:{listener.getsockname()[1]}"
        arguments = [*command.PROGRAM, "sim", "card", str(card), "--vpcd", place]
        with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as process:
            try:
                assert process.stderr
                assert process.stderr.readline() == f"Waiting for the virtual reader at {place} ...\n"
                reader, _ = listener.accept()
                with reader:
                    assert not select.select([process.stderr], [], [], 0.5)[0]
                    reader.sendall(bytes.fromhex("000104 000104"))  # asks for the ATR, twice
                    said = process.stderr.readline()
                    assert re.fullmatch(rf"The card \d+ is in the reader at {place}\. Ctrl-C .*\n", said)
                assert (
                    process.communicate(timeout=30)[1] == f"The virtual reader at {place} has disconnected.\n"
                )
            finally:
                process.kill()
    assert process.returncode == 0


@pytest.mark.parametrize("place", ["localhost", "localhost:0", "localhost:x"])
def test_a_vpcd_address_without_a_port_is_a_usage_error(tmp_path: Path, place: str) -> None:
    assert command.run("sim", "card", tmp_path, "--vpcd", place).code == 2


def test_sim_card_takes_the_time_of_a_real_one_and_prints_the_account(tmp_path: Path) -> None:
    card = command.card(tmp_path / "card")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = f"127.0.0.1:{listener.getsockname()[1]}"
        arguments = [*command.PROGRAM, "--json", "sim", "card", str(card), "--vpcd", place, "--wire", "38400"]
        with subprocess.Popen(arguments, stdout=-1, stderr=-1, text=True) as process:
            try:
                reader, _ = listener.accept()
                with reader:
                    begin = time.monotonic()
                    reader.sendall(bytes.fromhex("000101 000502B0000000"))  # power; a command on channel 2
                    assert reader.recv(4) == bytes.fromhex("00026881")
                    took = time.monotonic() - begin
                out, err = process.communicate(timeout=30)
            finally:
                process.kill()
    # 20,400 cycles, 10 bytes of the ATR and 4 of PPS each way: 5.7 ms, and 224 etu of 1/9600 s. The command:
    # 5 + 2 bytes, 92 etu of 1/38400 s; and the card's 2 ms.
    line = 20_400 / 3_571_200 + (10 * 12 + 8 * 12 + 8) / 9600 + (7 * 12 + 8) / 38_400
    assert took >= line + 0.002
    assert command.document(out)["result"]["wire"] == {
        "commands": 1,
        "bytes_to_card": 9,
        "bytes_from_card": 16,
        "line_seconds": round(line, 6),
        "card_seconds": 0.002,
        "seconds": round(line + 0.002, 6),
    }
    assert err.splitlines()[-2:] == [
        "Line and card took 0.0 s: 0.0 s on the line at 38400 baud, 0.0 s for the card's own work.",
        "Commands: 1. Bytes to the card: 9, from it: 16.",
    ]


@pytest.mark.parametrize(
    ("speed", "why"),
    [
        ("fast", "'fast' is not a speed: write it as 9600 (baud), 512/32 (Fi/Di), or atr."),
        ("512/", "'512/' is not a speed: write it as 9600 (baud), 512/32 (Fi/Di), or atr."),
        ("512/32/1", "'512/32/1' is not a speed: write it as 9600 (baud), 512/32 (Fi/Di), or atr."),
        ("14400", "the speed is one of 9600, 19200, 38400"),
        ("512/3", "Di is one of 1, 2, 4, 8, 12, 16, 20, 32, 64, not 3."),
    ],
)
def test_an_impossible_speed_is_a_usage_error(tmp_path: Path, speed: str, why: str) -> None:
    ran = command.run("sim", "card", command.card(tmp_path / "card"), "--wire", speed)
    assert (ran.code, ran.out) == (2, "")
    assert why in ran.err


def test_sim_server_prints_what_it_accepted(tmp_path: Path) -> None:
    folder = command.card(tmp_path / "card")
    arguments = [*command.PROGRAM, "sim", "server", "--pki", str(folder)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr
            said = server.stderr.readline()
            options = said.partition("with: ")[2].split()
            assert options[0] == "--connect-to"
            assert len(options) == 2
            place = ("--reader", f"sim:{folder}", "--state-dir", tmp_path)
            ran = command.run(*place, *options, "disable", "0017")
            assert ran.code == 0
            server.send_signal(signal.SIGINT)
            out, err = server.communicate(timeout=30)
        finally:
            server.kill()
    assert (server.returncode, err) == (0, "")
    assert "disable of 8944994000000000017, notification 1 for albion.smdp.example, card 8999" in out


def test_sim_server_needs_a_ci(tmp_path: Path) -> None:
    ran = command.run("sim", "server", "--pki", tmp_path)
    assert ran.code == 3
    assert "contains no certificate authority" in ran.err


@pytest.mark.parametrize("option", ["--port", "--discovery-port"])
def test_sim_server_on_a_used_port_is_a_usage_error(tmp_path: Path, option: str) -> None:
    folder = command.card(tmp_path / "card")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ran = command.run("sim", "server", "--pki", folder, "--discovery", "smds.example", option, port)
    assert ran.code == 2
    assert f"cannot listen on port {port}: Address already in use" in ran.err


def test_no_help_shows_an_internal_name() -> None:
    def pages(command: click.Command, parent: click.Context | None) -> Iterator[str]:
        with click.Context(command, parent=parent, info_name=command.name) as context:
            yield command.get_help(context)
            for below in command.commands.values() if isinstance(command, click.Group) else ():
                yield from pages(below, context)

    shown = list(pages(app, None))
    assert len(shown) > 20
    assert not [page for page in shown if "CONVERT" in page]


@dataclass
class Address:
    """The port of a value of --connect-to."""

    row: str

    def __post_init__(self) -> None:
        self.port = int(self.row.rpartition(":")[2])


@pytest.mark.parametrize("words", [(), ("order", "list"), ("order", "add")])
def test_sim_server_needs_a_folder(words: tuple[str, ...]) -> None:
    ran = command.run("sim", "server", *words)
    assert (ran.code, "--pki" in ran.err) == (2, True)


def test_orders_are_delivered_and_discovered_while_the_server_runs(tmp_path: Path) -> None:
    folder = command.card(tmp_path / "card")
    authority = Authority.load(folder)
    card = SmallCard(authority, matching_id="")
    arguments = [*command.PROGRAM, "sim", "server", "--pki", str(folder), "--discovery", "smds.example"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr
            options = server.stderr.readline().partition("with: ")[2].split()
            assert (options[0], options[2]) == ("--connect-to", "--connect-to")
            discovery, delivery = options[1], options[3]
            assert discovery.startswith("smds.example:443:127.0.0.1:")
            add = ("sim", "server", "order", "add", "--pki", folder, "--eid", card.eid, "--announce")
            assert command.run(*add, "--matching-id", "ABC-1").code == 0
            card.address, card.role = "smds.example", "7"
            client = Client(Address(discovery), authority)
            begun = client.ask("initiateAuthentication", **card.initiate())
            response = card.authenticate(begun)
            (event,) = client.ask(
                "authenticateClient",
                transactionId=begun["transactionId"],
                authenticateServerResponse=response,
            )["eventEntries"]
            assert event == {"eventId": "ABC-1", "rspServerAddress": "smdp.example"}
            card.address, card.role = event["rspServerAddress"], "4"
            card.matching_id = event["eventId"]
            card.load(card.downloaded(Client(Address(delivery), authority)))
            listed = command.run("sim", "server", "order", "list", "--pki", folder, "--json")
            (order,) = listed.document["result"]["orders"]
            assert (order["state"], order["eid"]) == ("downloaded", card.eid)
            server.send_signal(signal.SIGINT)
            out, err = server.communicate(timeout=30)
        finally:
            server.kill()
    assert (server.returncode, err) == (0, "")
    assert f"order for {order['iccid']}: downloaded, card {card.eid}" in out


@pytest.mark.parametrize("name", ["", "two words", "https://smdp.example", "*."])
@pytest.mark.parametrize("option", ["--host", "--discovery"])
def test_a_simulated_server_has_a_server_name(tmp_path: Path, option: str, name: str) -> None:
    ran = command.run("sim", "server", "--pki", command.card(tmp_path / "card"), option, name)
    assert (ran.code, f"'{option}'" in ran.err) == (2, True)
