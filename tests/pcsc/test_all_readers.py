"""`--all-readers`: several cards at once, grouped by reader; one that fails or hangs stops no other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lpa.card.probing import choose
from lpa.errors import NoReader
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.wire.wire import Wire
from lpa.testing.pcscd import MOST_READERS, PrivatePcscd, private_pcscd
from tests.support import command
from tests.support.hanging import HangingCard
from tests.support.sweeps import WHOLE

from .conftest import READERS, PlugIn

GET_PROFILES = "BF2D"


@pytest.fixture
def cards(virtual_reader: PlugIn) -> Iterator[tuple[SimulatedEuicc, SimulatedEuicc]]:
    first = SimulatedEuicc.create(None)
    second = SimulatedEuicc.create(None, authority=first.authority)
    with virtual_reader(first), virtual_reader(second, slot=1):
        yield first, second


class Meeting:
    """Answers a command only when the other card has got one as well."""

    def __init__(self, card: SimulatedEuicc, both: threading.Barrier) -> None:
        self._card, self._both, self._met = card, both, False

    @property
    def atr(self) -> bytes:
        return self._card.atr

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        if not self._met:
            self._both.wait(10)
            self._met = True
        return self._card.transmit(apdu)

    def reset(self) -> None:
        self._card.reset()

    def power_off(self) -> None:
        self._card.power_off()


def test_the_profiles_of_all_cards_are_listed_by_reader(
    cards: tuple[SimulatedEuicc, SimulatedEuicc],
) -> None:
    ran = command.run("--all-readers", "list")
    assert (ran.code, ran.err) == (0, "")
    first, second = ran.out.split(READERS[1] + "\n")
    assert first.startswith(READERS[0] + "\nICCID")
    for part, card in zip((first, second), cards, strict=True):
        assert card.profiles[0].iccid in part
    found = command.run("--json", "--all-readers", "info").document["result"]["readers"]
    assert [(one["reader"], one["ok"], one["result"]["eid"]) for one in found] == [
        (name, True, card.eid) for name, card in zip(READERS, cards, strict=True)
    ]


def test_an_empty_reader_fails_and_the_other_is_listed(virtual_reader: PlugIn) -> None:
    card = SimulatedEuicc.create(None)
    with virtual_reader(card, slot=1):
        ran = command.run("--json", "--all-readers", "list")
        text = command.run("--all-readers", "list")
    empty, other = ran.document["result"]["readers"]
    assert (ran.code, ran.document["ok"], ran.document["error"]) == (3, False, empty["error"])
    assert (empty["reader"], empty["ok"], empty["error"]["kind"]) == (READERS[0], False, "NoCard")
    assert (other["ok"], len(other["result"]["profiles"])) == (True, 3)
    assert (text.code, text.err.splitlines()[0]) == (
        3,
        f"lpa: {READERS[0]}: There is no card in {READERS[0]!r}.",
    )


def test_a_card_that_hangs_does_not_stop_the_others(virtual_reader: PlugIn) -> None:
    first = SimulatedEuicc.create(None)
    hanging = HangingCard(first, GET_PROFILES)
    other = SimulatedEuicc.create(None, authority=first.authority)
    with virtual_reader(hanging), virtual_reader(other, slot=1):
        ran = command.run("--json", "--card-timeout", "1", "--all-readers", "list")
        hanging.released.set()
    bad, good = ran.document["result"]["readers"]
    assert (ran.code, bad["error"]["kind"], good["ok"]) == (3, "TimedOut", True)


def test_doctor_examines_each_card_and_then_the_journal(
    cards: tuple[SimulatedEuicc, SimulatedEuicc], tmp_path: Path
) -> None:
    ran = command.run("--json", "--state-dir", str(tmp_path), "--all-readers", "doctor")
    result = ran.document["result"]
    for card, found in zip(cards, result["readers"], strict=True):
        said = [one["message"] for one in found["result"]["diagnoses"] if one["step"] == "EID"]
        assert card.eid in said[0]
    assert result["diagnoses"] == []  # There is no journal.


def test_notifications_send_sends_those_of_each_card(
    cards: tuple[SimulatedEuicc, SimulatedEuicc], tmp_path: Path
) -> None:
    ran = command.run("--json", "--state-dir", str(tmp_path), "--all-readers", "notifications", "send")
    assert [one["result"]["deliveries"] for one in ran.document["result"]["readers"]] == [[], []]
    assert ran.code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("--all-readers", "enable", "0017"),
        ("--all-readers", "readers"),
        ("--all-readers", "notifications", "list"),
        ("--all-readers", "notifications", "send", "--without-card"),
        ("--all-readers", "--reader", "0", "list"),
        ("--all-readers", "--trace", "trace.txt", "list"),
    ],
)
def test_what_is_not_for_all_readers_is_a_usage_error(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = command.run("--state-dir", str(tmp_path), *arguments)
    assert (ran.code, "--all-readers" in ran.err) == (2, True), ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "work", [lambda: command.run("--all-readers", "list").code, lambda: command.run("readers").code]
)
def test_the_cards_work_at_the_same_time(virtual_reader: PlugIn, work: Callable[[], int]) -> None:
    both = threading.Barrier(2)
    first = SimulatedEuicc.create(None)
    second = SimulatedEuicc.create(None, authority=first.authority)
    with virtual_reader(Meeting(first, both)), virtual_reader(Meeting(second, both), slot=1):
        assert work() == 0
    assert not both.broken


def test_two_euiccs_that_are_searched_at_once_are_named_in_the_order_of_the_service(
    cards: tuple[SimulatedEuicc, SimulatedEuicc],
) -> None:
    with pytest.raises(NoReader, match=f"{READERS[0]}.*{READERS[1]}"):
        choose()


def test_ctrl_c_ends_all_readers(virtual_reader: PlugIn, service: PrivatePcscd) -> None:
    first = SimulatedEuicc.create(None)
    hanging = HangingCard(first, GET_PROFILES)
    other = SimulatedEuicc.create(None, authority=first.authority)
    with virtual_reader(other), virtual_reader(hanging, slot=1):
        process = subprocess.Popen(
            [sys.executable, "-m", "lpa", "--all-readers", "list"],
            env=os.environ | service.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert hanging.asked.wait(10)
        assert process.stdout
        while process.stdout.readline() != "\n":  # The first reader is done.
            pass
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=8)
        hanging.released.set()
    assert process.returncode == 130
    assert said.splitlines() == [
        f"lpa: {READERS[1]}: Interrupted.",
        "lpa: Interrupted: 1 of 2 readers were done.",
        "Nothing was changed.",
    ]


if WHOLE:  # It measures time.

    def test_sixteen_readers_take_half_as_long_again_as_one() -> None:
        first = SimulatedEuicc.create(None)
        cards = [first, *(SimulatedEuicc.create(None, authority=first.authority) for _ in range(15))]
        for card in cards:
            card.wire = Wire.at(baud=9600, sleep=time.sleep)
        with private_pcscd(MOST_READERS) as service, service.inserted(*cards):

            def seconds(*options: str) -> float:
                began = time.monotonic()
                subprocess.run(
                    [sys.executable, "-m", "lpa", *options, "info"],
                    env=os.environ | service.environment,
                    check=True,
                    capture_output=True,
                )
                return time.monotonic() - began

            one, all_readers = seconds("--reader", service.readers[0]), seconds("--all-readers")
        assert all_readers <= 1.5 * one, (all_readers, one)
