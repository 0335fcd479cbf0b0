"""Ctrl-C while the simulated card carries out a command: the command is completed before."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lpa import Assistant
from lpa.card.es10 import Euicc
from lpa.notifications.sender import ServerFactory
from lpa.rsp.names import Iccid
from lpa.sim.euicc.interrupts import postponed
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.profile_states import states

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

ALBION, NORDLICHT = "8944994000000000017", "8949985000000000025"


@pytest.fixture(autouse=True)
def listening() -> Iterator[None]:
    """Ctrl-C works as at a terminal, even if the process that runs the tests ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def card(tmp_path: Path) -> Iterator[SimulatedEuicc]:
    with SimulatedEuicc.create(tmp_path / "card") as card:
        yield card


def stored(folder: Path) -> tuple[list[str], list[str]]:
    """The states of the profiles and the events of the notifications, as another process loads them."""
    with SimulatedEuicc.load(folder) as card:
        return states(card), [notification.event for notification in card.notifications]


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def at_the_next_write(patch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Call `act` when a file is next written to the disk: `os.fsync`."""
    real = os.fsync

    def hooked(descriptor: FileDescriptorLike) -> None:
        patch.undo()
        real(descriptor)
        act()

    patch.setattr(os, "fsync", hooked)


def test_a_command_is_completed_before_ctrl_c(
    card: SimulatedEuicc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Euicc(card) as euicc:
        at_the_next_write(monkeypatch, press_ctrl_c)
        with pytest.raises(KeyboardInterrupt):
            euicc.enable_profile(Iccid.parse(NORDLICHT), refresh=False)
        assert states(card) == ["disabled", "enabled", "disabled"]
        euicc.disable_profile(Iccid.parse(NORDLICHT), refresh=False)
    card.close()
    assert stored(tmp_path / "card") == (["disabled"] * 3, ["disable", "enable", "disable"])


def test_a_reset_is_completed_before_ctrl_c(
    card: SimulatedEuicc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Euicc(card) as euicc:
        euicc.enable_profile(Iccid.parse(NORDLICHT), refresh=True)
        at_the_next_write(monkeypatch, press_ctrl_c)
        with pytest.raises(KeyboardInterrupt):
            card.reset()
        assert states(card) == ["disabled", "enabled", "disabled"]
        euicc.restart()
        euicc.disable_profile(Iccid.parse(NORDLICHT), refresh=False)
    card.close()
    assert stored(tmp_path / "card") == (["disabled"] * 3, ["disable", "enable", "disable"])


def test_a_ctrl_c_from_another_thread_is_postponed_too(
    card: SimulatedEuicc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def from_a_thread() -> None:
        thread = threading.Thread(target=press_ctrl_c)
        thread.start()
        thread.join()

    with Euicc(card) as euicc:
        at_the_next_write(monkeypatch, from_a_thread)
        with pytest.raises(KeyboardInterrupt):
            euicc.delete_profile(Iccid.parse(NORDLICHT))
        assert [profile.iccid for profile in card.profiles] == [
            ALBION,
            "89869870000000000033",
        ]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def delete_and_clean_up(card: SimulatedEuicc) -> None:
    """Delete a profile, and change another thing when that is interrupted."""
    with Euicc(card) as euicc:
        try:
            euicc.delete_profile(Iccid.parse(NORDLICHT))
        finally:
            euicc.set_nickname(Iccid.parse(ALBION), "Work")


def test_what_was_interrupted_is_not_undone_by_the_next_change(
    tmp_path: Path,
    euicc: SimulatedEuicc,
    smdp: SimulatedSmdp,
    servers: ServerFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "card"
    SimulatedEuicc.create(folder, authority=euicc.authority).close()
    with SimulatedEuicc.load(folder) as card:
        at_the_next_write(monkeypatch, press_ctrl_c)
        with pytest.raises(KeyboardInterrupt):
            delete_and_clean_up(card)
    card = SimulatedEuicc.load(folder)
    with Assistant(card, state_dir=tmp_path / "state", servers=servers) as assistant:
        assistant.send_notifications()
        assert [profile.nickname for profile in assistant.profiles()] == ["Work", ""]
    assert [(one.event, str(one.iccid)) for one in smdp.received] == [("delete", NORDLICHT)]


def test_other_threads_are_left_alone(card: SimulatedEuicc, monkeypatch: pytest.MonkeyPatch) -> None:
    handlers: list[object] = []
    with Euicc(card) as euicc:
        at_the_next_write(monkeypatch, lambda: handlers.append(signal.getsignal(signal.SIGINT)))
        thread = threading.Thread(target=lambda: euicc.enable_profile(Iccid.parse(NORDLICHT), refresh=False))
        thread.start()
        thread.join()
    assert handlers == [signal.default_int_handler]
    assert states(card) == ["disabled", "enabled", "disabled"]


def test_a_forked_process_postpones_its_own_ctrl_c(
    card: SimulatedEuicc, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postponed():
        child = os.fork()
        if child == 0:
            code = 1
            try:
                with Euicc(card) as euicc:
                    at_the_next_write(monkeypatch, press_ctrl_c)
                    euicc.delete_profile(Iccid.parse(NORDLICHT))
                    # The block of the parent, which the child is in too, is not over.
                    code = 0 if len(card.profiles) == 2 else 2
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


@pytest.mark.parametrize("count", [1, 3])
def test_the_handler_of_the_program_is_called_once_afterwards(count: int) -> None:
    called: list[str] = []
    signal.signal(signal.SIGINT, lambda *_: called.append("handled"))
    with postponed():
        for _ in range(count):
            press_ctrl_c()
        called.append("done")
    assert called == ["done", "handled"]


def test_an_ignored_signal_stays_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with postponed():
        press_ctrl_c()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def press_and_fail() -> None:
    with postponed():
        press_ctrl_c()
        raise ValueError("a fault")


def test_an_error_in_the_block_is_kept_beside_ctrl_c() -> None:
    with pytest.raises(KeyboardInterrupt) as caught:
        press_and_fail()
    assert isinstance(caught.value.__context__, ValueError)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
