"""The example of an AT modem, over a pseudo-terminal with pyserial against a simulated card."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
import serial

from lpa import Assistant, LogicalTransport, OutcomeUnknown, ServerFactory, TimedOut, WireError
from lpa.testing import SimulatedEuicc, SimulatedModem, SimulatedSmdp, packages
from tests.support.at_modem import AtSimulator
from tests.support.orders import code_of, holds
from tests.support.paths import EXAMPLES

FIRST, SECOND, THIRD = "8944994000000000017", "8949985000000000025", "89869870000000000033"
GARBAGE = '~\0\xff+CGLA: 4,"zz"\r\n'
DELETE = "BF33"


PATIENT, AT_ONCE = 60.0, 0.0  # seconds


class AtModem(LogicalTransport, Protocol):
    """The example's transport."""

    seconds: float


Open = Callable[..., AtModem]


class Port(serial.Serial):
    """A serial port, with which a command is waited for until the modem is silent."""

    transport: AtModem | None = None

    def write(self, data: Any) -> int | None:
        if self.transport:
            self.transport.seconds = PATIENT
        return super().write(data)

    def give_up(self) -> None:
        if self.transport:
            self.transport.seconds = AT_ONCE


class Dribbling(Port):
    """A port at which everything arrives byte by byte."""

    def read(self, size: int = 1) -> bytes:
        return bytes(super().read(min(size, 1)))


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lpa.card.refresh._REFRESH_PAUSE", 0)


@pytest.fixture
def at(euicc: SimulatedEuicc) -> Iterator[AtSimulator]:
    with AtSimulator(SimulatedModem(euicc)) as simulator:
        yield simulator


@pytest.fixture
def opened(at: AtSimulator) -> Iterator[Open]:
    """Opens the example's transport, with a port of this class."""
    at_modem: Callable[..., AtModem] = runpy.run_path(str(EXAMPLES / "at_modem.py"))["AtModem"]

    ports = ExitStack()

    def open_port(kind: type[Port] = Port) -> AtModem:
        port = ports.enter_context(kind(at.path, 115200))
        port.transport = at_modem(port, seconds=PATIENT)
        at.on_silence = port.give_up
        return port.transport

    with ports:
        yield open_port


@pytest.fixture
def assistant(opened: Open, servers: ServerFactory, tmp_path: Path) -> Iterator[Assistant]:
    with Assistant(opened(), state_dir=tmp_path / "state", servers=servers) as assistant:
        yield assistant


def test_the_example_lists_the_profiles(at: AtSimulator, tmp_path: Path, euicc: SimulatedEuicc) -> None:
    command = [sys.executable, str(EXAMPLES / "at_modem.py"), at.path]
    environment = os.environ | {"PYTHONUTF8": "1", "LPA_STATE_DIR": str(tmp_path)}
    ran = subprocess.run(command, capture_output=True, check=True, text=True, env=environment)
    first, *rows = ran.stdout.splitlines()
    assert first == f"EID {euicc.eid}"
    assert rows[0] == f"{FIRST}   enabled   Albion Mobile"
    assert len(rows) == 3
    assert at.commands[-1] == "AT+CCHC=1"


def test_profiles_are_downloaded_enabled_and_deleted(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp, at: AtSimulator
) -> None:
    with assistant.download(code_of(smdp.order(packages.sample(), "ABC-1"))) as offer:
        assert offer.install().unacknowledged == ()
    assert holds(euicc)
    assert [change.event for change in assistant.enable(SECOND).changes] == ["disable", "enable"]
    assert assistant.delete(assistant.plan_deletion(THIRD)).unacknowledged == ()
    assert THIRD not in [profile.iccid for profile in euicc.profiles]
    assert {command.split("=")[0] for command in at.commands} == {"ATE0", "AT+CCHO", "AT+CGLA", "AT+CCHC"}


def test_an_answer_may_arrive_byte_by_byte(opened: Open, tmp_path: Path) -> None:
    with Assistant(opened(Dribbling), state_dir=tmp_path) as assistant:
        assert len(assistant.profiles()) == 3


def test_a_modem_that_names_its_channel_alone_and_leaves_out_quotes(
    at: AtSimulator, opened: Open, tmp_path: Path
) -> None:
    at.instead("AT+CCHO", lambda answer: (answer or "").replace("+CCHO: ", ""))
    at.instead("AT+CGLA", lambda answer: (answer or "").replace('"', "").upper())
    with Assistant(opened(), state_dir=tmp_path) as assistant:
        assert assistant.eid.plausible


def test_an_application_that_is_not_there(opened: Open) -> None:
    assert opened().open(bytes.fromhex("A000000559")) is None


FAULTS = (
    "\r\nERROR\r\n",
    "\r\n+CME ERROR: 13\r\n",
    "\r\nNO CARRIER\r\n",
    GARBAGE + "\r\nOK\r\n",
    "\r\nOK\r\n",
)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failed_read_is_an_error_and_the_next_one_works(
    fault: str, assistant: Assistant, at: AtSimulator
) -> None:
    at.instead("AT+CGLA", fault)
    with pytest.raises(WireError) as caught:
        assistant.profiles()
    assert isinstance(caught.value.__cause__, OSError)
    assert len(assistant.profiles()) == 3


def test_garbage_before_an_answer_does_not_matter(assistant: Assistant, at: AtSimulator) -> None:
    at.instead(
        "AT+CGLA", lambda answer: f"~~\xfe\r\n\r\n+QIND: SMS DONE\r\nRING\r\n~{(answer or '').lstrip()}"
    )
    assert len(assistant.profiles()) == 3


def test_an_answer_that_is_cut_off_is_an_error(at: AtSimulator, opened: Open, tmp_path: Path) -> None:
    with Assistant(opened(), state_dir=tmp_path) as assistant:
        at.instead("AT+CGLA", lambda answer: (answer or "")[:14])
        with pytest.raises(TimedOut, match="has not answered"):
            assistant.profiles()
        assert len(assistant.profiles()) == 3


def test_a_silent_modem_times_out_and_its_late_answer_is_discarded(
    at: AtSimulator, opened: Open, tmp_path: Path
) -> None:
    late: list[str] = []

    def keep(answer: str | None) -> None:
        late.append(answer or "")

    with Assistant(opened(), state_dir=tmp_path) as assistant:
        at.instead("AT+CGLA", keep)
        with pytest.raises(TimedOut):
            assistant.profiles()
        at.late(late[0])
        assert len(assistant.profiles()) == 3


@pytest.mark.parametrize("fault", [*FAULTS, None])
@pytest.mark.parametrize("carried_out", [True, False])
def test_a_fault_during_a_deletion_is_told_truthfully_and_recovered(
    at: AtSimulator,
    opened: Open,
    servers: ServerFactory,
    tmp_path: Path,
    euicc: SimulatedEuicc,
    fault: str | None,
    *,
    carried_out: bool,
) -> None:
    with Assistant(opened(), state_dir=tmp_path, servers=servers) as assistant:
        plan = assistant.plan_deletion(THIRD)
        at.fails_at(DELETE, fault, carried_out=carried_out)
        if carried_out:
            assert assistant.delete(plan).unacknowledged == ()
        else:
            with pytest.raises(WireError, match="it still has the profile"):
                assistant.delete(plan)
        assert assistant.journal.unfinished() == ()
    assert (THIRD in [profile.iccid for profile in euicc.profiles]) is not carried_out


def test_a_modem_that_restarts_is_used_again(assistant: Assistant, at: AtSimulator) -> None:
    at.modem.restart()
    with pytest.raises(WireError, match="CME ERROR"):
        assistant.profiles()
    assert len(assistant.profiles()) == 3


def test_a_modem_that_does_not_restart_the_card_after_a_switch(
    assistant: Assistant, at: AtSimulator, euicc: SimulatedEuicc
) -> None:
    at.modem.refreshes = False
    with pytest.raises(OutcomeUnknown, match="Restart the modem or phone"):
        assistant.enable(SECOND)
    at.modem.restart()
    (recovery,) = assistant.recover()
    assert [change.event for change in recovery.changes] == ["disable", "enable"]
