"""A program in any language controls a simulated card and server by lines of JSON."""

import json
import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lpa.errors import CardRemoved
from lpa.sim.control import LONGEST_LINE, ControlSocket, card_commands, server_commands
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.testing import SimulatedLpa
from tests.support.paths import DOCS

PAGE = (DOCS / "simulator" / "control.md").read_text()
GET_EID = bytes.fromhex("80E2910006BF3E035C015A")
SELECT = bytes.fromhex("00A4040010A0000005591010FFFFFFFF8900000100")


class Program:
    """A program that has connected to the socket."""

    def __init__(self, port: int) -> None:
        self._line = socket.create_connection(("127.0.0.1", port), timeout=5)
        self._answers = self._line.makefile("rb")

    def __call__(self, line: str | bytes) -> dict[str, Any]:
        self._line.sendall((line.encode() if isinstance(line, str) else line) + b"\n")
        answer: dict[str, Any] = json.loads(self._answers.readline())
        return answer

    def ended(self) -> bool:
        return self._answers.readline() == b""

    def close(self) -> None:
        self._answers.close()
        self._line.close()


@pytest.fixture
def control(euicc: SimulatedEuicc) -> Iterator[ControlSocket]:
    with ControlSocket(card_commands(euicc)) as control:
        yield control


@pytest.fixture
def program(control: ControlSocket) -> Iterator[Program]:
    program = Program(control.port)
    yield program
    program.close()


def test_a_card_is_removed_and_inserted(euicc: SimulatedEuicc, program: Program) -> None:
    assert program('{"do": "remove"}') == {"ok": True}
    with pytest.raises(CardRemoved):
        euicc.reset()
    assert program('{"do": "insert"}') == {"ok": True}
    euicc.reset()
    assert euicc.transmit(SELECT)[1] >> 8 == 0x61


def test_a_reset_ends_the_session_of_the_card(euicc: SimulatedEuicc, program: Program) -> None:
    euicc.transmit(SELECT)
    assert program('{"do": "reset"}') == {"ok": True}
    assert euicc.transmit(GET_EID) == (b"", 0x6D00)
    assert program('{"do": "show"}')["resets"] == 1


def test_a_fault_is_added_shown_and_removed(program: Program) -> None:
    assert program('{"do": "add_fault", "fault": "after DeleteProfile: unplug"}') == {"ok": True}
    planned = {"planned": ["after 1st DeleteProfile: unplug"], "happened": []}
    assert program('{"do": "show"}')["faults"] == planned
    assert program('{"do": "clear_faults"}') == {"ok": True}
    assert program('{"do": "show"}')["faults"]["planned"] == []


def test_what_happened_to_a_card_is_shown(euicc: SimulatedEuicc, program: Program) -> None:
    euicc.transmit(SELECT)
    shown = program('{"do": "show"}')
    assert (shown["eid"], shown["inserted"], shown["apdus"]) == (euicc.eid, True, 1)
    first = euicc.profiles[0]
    assert shown["profiles"][0] == {"iccid": first.iccid, "name": first.name, "enabled": True}
    assert (shown["notifications"], shown["wire"]["bytes_to_card"]) == ([], len(SELECT))


def test_what_a_server_received_is_shown(euicc: SimulatedEuicc, simulated_lpa: SimulatedLpa) -> None:
    simulated_lpa.assistant.disable(euicc.profiles[0].iccid)
    with ControlSocket(server_commands(simulated_lpa.smdp)) as control:
        program = Program(control.port)
        shown = program('{"do": "show"}')
        program.close()
    iccid = euicc.profiles[0].iccid
    assert shown["received"] == [{"sequence_number": 1, "event": "disable", "iccid": iccid, "eid": euicc.eid}]


def test_a_server_shows_its_orders_and_takes_faults(smdp: SimulatedSmdp) -> None:
    with ControlSocket(server_commands(smdp)) as control:
        program = Program(control.port)
        assert program('{"do": "add_fault", "fault": "HandleNotification: status 503"}') == {"ok": True}
        shown = program('{"do": "show"}')
        program.close()
    assert (shown["received"], shown["orders"]) == ([], [])
    assert shown["faults"]["planned"] == ["instead of 1st HandleNotification: status 503"]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('{"do": "eject"}', "COMMAND is one of insert, remove, reset, add_fault, clear_faults, show"),
        ('{"do": []}', "COMMAND is one of insert"),
        ("{}", "COMMAND is one of insert"),
        ('{"do": "add_fault"}', "is not a fault"),
        ('{"do": "add_fault", "fault": 5}', "is not a fault"),
        ('{"do": "add_fault", "fault": "after Lunch: unplug"}', "a card has no point 'Lunch'"),
    ],
)
def test_a_wrong_command_is_answered_with_what_is_possible(
    program: Program, line: str, sentence: str
) -> None:
    answer = program(line)
    assert (answer["ok"], sentence in answer["error"]) == (False, True)
    assert program('{"do": "show"}')["ok"], "the connection goes on"


@pytest.mark.parametrize(
    "line",
    [b"GET / HTTP/1.1", b"[]", b"\xff", b"[" * 10_000, b'{"do": "' + b"x" * LONGEST_LINE, b'{"do": "\xff"}'],
    ids=lambda line: repr(line[:10]),
)
def test_after_anything_else_the_connection_ends(
    program: Program, control: ControlSocket, line: bytes
) -> None:
    assert program(line)["ok"] is False
    assert program.ended()
    another = Program(control.port)
    assert another('{"do": "show"}')["ok"]
    another.close()


def test_several_programs_are_answered_at_once(control: ControlSocket) -> None:
    programs = [Program(control.port) for _ in range(8)]
    answers: list[bool] = []
    threads = [
        threading.Thread(target=lambda program=program: answers.append(program('{"do": "reset"}')["ok"]))
        for program in programs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    for program in programs:
        program.close()
    assert answers == [True] * 8


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def test_the_c_example_controls_a_card(euicc: SimulatedEuicc, control: ControlSocket, tmp_path: Path) -> None:
    (tmp_path / "control.c").write_text(block("c"))
    program = str(tmp_path / "control")
    subprocess.run(["cc", "-std=gnu11", "-Wall", "-Werror", "-o", program, f"{program}.c"], check=True)
    run([program], euicc, control)


def test_the_javascript_example_controls_a_card(
    euicc: SimulatedEuicc, control: ControlSocket, tmp_path: Path
) -> None:
    (tmp_path / "control.js").write_text(block("js"))
    run(["node", str(tmp_path / "control.js")], euicc, control)


def run(program: list[str], euicc: SimulatedEuicc, control: ControlSocket) -> None:
    answered = subprocess.run(
        [*program, str(control.port), '{"do": "remove"}'], check=True, capture_output=True, timeout=30
    )
    assert json.loads(answered.stdout) == {"ok": True}
    assert not euicc.inserted
