"""A smart card service and cards that hang: each call ends in time, and so does the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lpa import Assistant, OutcomeUnknown, TimedOut, Timeouts
from lpa.card.pcsc import PcscTransport
from lpa.card.timeouts import using
from lpa.host.locks import Locks
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.testing.pcscd import PrivatePcscd, VirtualReader
from tests.support.hanging import HangingCard, hanging_service

from .conftest import PlugIn

GET_PROFILES, DELETE = "BF2D", "BF33"
ALBION = "8944994000000000017"
_WITH_A_SHORT_TIMEOUT = """
import sys
from lpa.card.timeouts import Timeouts, using
from lpa.cli.running import run
with using(Timeouts(service=0.2)):
    sys.exit(run(sys.argv[1:]))
"""


@contextmanager
def hanging(
    plug_in: PlugIn, part: str, *, carried_out: bool = False
) -> Iterator[tuple[HangingCard, VirtualReader]]:
    card = HangingCard(SimulatedEuicc.create(None), part, carried_out=carried_out)
    with plug_in(card) as reader:
        try:
            yield card, reader
        finally:
            card.released.set()


@pytest.mark.parametrize("command", ["readers", "list", "doctor"])
def test_a_command_ends_with_a_clear_error_if_the_service_does_not_answer(
    command: str, tmp_path: Path
) -> None:
    with hanging_service(tmp_path) as socket:
        ran = subprocess.run(
            [sys.executable, "-c", _WITH_A_SHORT_TIMEOUT, command],
            env=os.environ | {"PCSCLITE_CSOCK_NAME": str(socket)},
            check=False,
            capture_output=True,
            text=True,
            timeout=10,
        )
    said = ran.stderr + ran.stdout
    assert ran.returncode == 3, said
    assert "The smart card service did not answer within 0.2 s." in said
    assert TimedOut.advice in said


def test_a_card_that_does_not_answer_is_given_up_after_a_sentence(virtual_reader: PlugIn) -> None:
    sentences: list[str] = []
    timeouts = Timeouts(card=0.4, notice=0.25, on_silence=sentences.append)
    with hanging(virtual_reader, GET_PROFILES) as (_, reader):
        with (
            pytest.raises(TimedOut, match=r"did not answer a command within 0.4 s\.$"),
            Assistant.open(reader.name, timeouts=timeouts) as assistant,
        ):
            assistant.profiles()
        assert sentences == [
            f"The card in {reader.name!r} has not answered for 0.25 s. "
            "It gets up to 0.4 s (--card-timeout); Ctrl-C ends the wait."
        ]


def test_a_card_that_hangs_in_a_deletion_leaves_an_outcome_that_is_found_later(
    virtual_reader: PlugIn, tmp_path: Path
) -> None:
    simulated = SimulatedEuicc.create(None)
    card = HangingCard(simulated, DELETE, carried_out=True)
    with virtual_reader(card) as reader:
        with Assistant.open(reader.name, state_dir=tmp_path, timeouts=Timeouts(card=0.3)) as assistant:
            profile = assistant.find(simulated.profiles[1].iccid)
            plan = assistant.plan_deletion(profile.iccid)
            with pytest.raises(OutcomeUnknown, match="its outcome is unknown"):
                assistant.delete(plan)
        card.released.set()
    with virtual_reader(simulated) as reader, Assistant.open(reader.name, state_dir=tmp_path) as assistant:
        (recovery,) = assistant.recover()
        assert [change.event for change in recovery.changes] == ["delete"]
        assert profile.iccid not in [left.iccid for left in assistant.profiles()]


def test_a_card_that_was_given_up_is_released_when_it_answers(virtual_reader: PlugIn) -> None:
    with hanging(virtual_reader, "00A40000") as (card, reader):
        with using(Timeouts(card=0.1)), PcscTransport.open(reader.name) as transport:
            with pytest.raises(TimedOut):
                transport.transmit(bytes.fromhex("00A40000023F0000"))
            with pytest.raises(TimedOut, match="given up"):
                transport.reset()
        card.released.set()
        with PcscTransport.open(reader.name, Locks.of_host()) as transport:
            assert transport.transmit(bytes.fromhex("00A40000023F0000"))


def test_ctrl_c_ends_a_command_whose_card_hangs(virtual_reader: PlugIn, service: PrivatePcscd) -> None:
    with hanging(virtual_reader, GET_PROFILES) as (card, reader):
        process = subprocess.Popen(
            [sys.executable, "-m", "lpa", "--reader", reader.name, "list"],
            env=os.environ | service.environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert card.asked.wait(10)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=5)
    assert (process.returncode, said) == (130, "\nlpa: Interrupted.\nNothing was changed.\n")
