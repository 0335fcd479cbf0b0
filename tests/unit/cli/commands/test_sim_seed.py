"""`lpa sim` with `--seed`."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from lpa.sim.crypto.pki import Authority
from lpa.sim.crypto.seeds import seeded
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support import command
from tests.support.reader_thread import reader_thread
from tests.support.scripted_card import Client, SmallCard

SELECT_ISDR = "00A4040010A0000005591010FFFFFFFF8900000100"
CHALLENGE = "80E2910003BF2E00"


def _made(folder: Path, *options: str) -> dict[str, bytes]:
    assert command.run("sim", "new", folder, *options).code == 0
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("options", [(), ("--like", "estk-me", "--curve", "brainpoolP256r1")])
def test_a_new_card_is_the_same_byte_for_byte(tmp_path: Path, options: tuple[str, ...]) -> None:
    first, again = (_made(tmp_path / name, "--seed", "7", *options) for name in ("1", "2"))
    assert (first, "card.json" in first) == (again, True)
    assert _made(tmp_path / "3", "--seed", "8", *options)["euicc-key.pem"] != first["euicc-key.pem"]


def test_a_new_card_is_the_same_on_every_day(tmp_path: Path) -> None:
    made = _made(tmp_path / "card", "--seed", "7")
    assert json.loads(made["card.json"])["eid"] == "89999999000000000044657955656896"
    digest = hashlib.sha256(made["ci.pem"] + made["euicc.pem"]).hexdigest()
    assert digest == "e3dfc55b09a1b1825490e4a18106ca8ee09ae24c1c3f4d9c0c06787ece37d5af"


def test_the_challenges_of_a_card_are_the_same_each_time(tmp_path: Path) -> None:
    card = command.card(tmp_path / "card")
    options = {"1": ("--seed", "7"), "2": ("--seed", "7", "--storm", "3"), "3": ()}
    for name, words in options.items():
        with reader_thread(SELECT_ISDR, CHALLENGE, CHALLENGE, "00C0000015") as reader:
            place = ("--vpcd", reader.place, "--record", tmp_path / name)
            assert command.run("sim", "card", card, *place, *words).code == 0
    first, again, other = ((tmp_path / name).read_text() for name in options)
    assert f"< BF2E128010{seeded(7, 'card')(32)[16:].hex().upper()} 9000" in first
    assert again == first
    assert other != first


@dataclass
class Listening:
    """A server on this computer."""

    port: int


def test_a_server_answers_the_same_each_time(tmp_path: Path) -> None:
    folder = command.card(tmp_path / "card")
    request = SmallCard(Authority.load(folder)).initiate()
    arguments = [*command.PROGRAM, "sim", "server", "--pki", str(folder), "--seed", "7"]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr
            port = int(server.stderr.readline().rpartition(":")[2])
            answered = Client(Listening(port), Authority.load(folder)).ask(
                "initiateAuthentication", **request
            )
            server.send_signal(signal.SIGINT)
            assert server.wait(30) == 0
        finally:
            server.kill()
    authority = Authority.load(folder, randomness=seeded(7, "server"))
    with SimulatedSmdp(authority, also=["*.smdp.example"], lasting=True) as other:
        assert Client(other, authority).ask("initiateAuthentication", **request) == answered
