"""Threads and processes that share an assistant: one at a time, nobody's raw errors, nothing lost."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from threading import Event
from typing import TypeVar

import pytest

from lpa import Assistant, CardBusy, Journal, Locks, Stop, Stopped, StorageFailed, WireError
from lpa.card.apdu import Transport
from lpa.rsp.activation import ActivationCode
from lpa.rsp.names import ServerAddress
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.testing import SimulatedLpa, simulated
from tests.support.notified_servers import Servers
from tests.support.passing_card import PassingCard

_T = TypeVar("_T")
FIRST, SECOND = "8944994000000000017", "8949985000000000025"


class HeldCard(PassingCard):
    """A card that keeps the next command until it is let go."""

    def __init__(self, card: Transport) -> None:
        super().__init__(card)
        self.holds, self.asked, self.let_go = False, Event(), Event()

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        if self.holds:
            self.asked.set()
            assert self.let_go.wait(30)
        return super().transmit(apdu)


def elsewhere(function: Callable[[], _T]) -> _T:
    """What a function returns in another thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result(30)


@contextmanager
def working(assistant: Assistant, card: HeldCard) -> Iterator[None]:
    """Another thread works with the card while the block runs."""
    card.holds = True
    with ThreadPoolExecutor(1) as pool:
        listed = pool.submit(assistant.profiles)
        assert card.asked.wait(30)
        try:
            yield
        finally:
            card.holds = False
            card.let_go.set()
        assert len(listed.result(30)) == 3


@pytest.fixture
def lpa_of_three() -> Iterator[SimulatedLpa]:
    with simulated() as made:
        yield made


@pytest.fixture
def child() -> Callable[[Callable[[], bool]], bool]:
    """Run a function in a forked process: whether it returned True."""

    def forked(function: Callable[[], bool]) -> bool:
        pid = os.fork()
        if pid == 0:
            done = False
            try:
                done = function()
            finally:
                os._exit(0 if done else 1)
        return os.waitpid(pid, 0)[1] == 0

    return forked


def test_another_thread_changes_the_card_and_closes_the_assistant(tmp_path: Path) -> None:
    assistant = Assistant(SimulatedEuicc.create(None), state_dir=tmp_path, servers=Servers())
    assistant.enable(SECOND)
    outcome = elsewhere(lambda: assistant.delete(assistant.plan_deletion(FIRST)))
    assert [(one.acknowledged, one.removed) for one in outcome.deliveries] == [(True, True)]
    assert elsewhere(assistant.pending_notifications) == ()
    elsewhere(assistant.close)
    assistant.close()
    with pytest.raises(WireError, match="was closed"):
        assistant.profiles()
    with pytest.raises(StorageFailed, match="is closed") as caught:
        assistant.pending_notifications()
    assert caught.value.advice == "Open it again."
    assert (tmp_path / "journal.closed").exists(), "another thread has closed it in full"


def test_a_second_thread_waits_for_the_first(lpa_of_three: SimulatedLpa) -> None:
    assistant = lpa_of_three.assistant
    with ThreadPoolExecutor(8) as pool:
        listed = list(pool.map(lambda _: assistant.profiles(), range(16)))
    assert listed == [listed[0]] * 16


@pytest.mark.parametrize("wait", [0, 0.05])
def test_a_second_thread_fails_when_its_time_is_over(wait: float, tmp_path: Path) -> None:
    card = HeldCard(SimulatedEuicc.create(None))
    with (
        Assistant(card, state_dir=tmp_path, wait=wait) as assistant,
        working(assistant, card),
        pytest.raises(CardBusy, match="Another thread uses this assistant"),
    ):
        assistant.profiles()


def test_a_stop_ends_the_wait_for_another_thread(tmp_path: Path) -> None:
    card = HeldCard(SimulatedEuicc.create(None))
    with (
        Assistant(card, state_dir=tmp_path) as assistant,
        working(assistant, card),
        pytest.raises(Stopped, match=r"^Stopped\. Nothing was changed\.$"),
    ):
        assistant.enable(SECOND, stop=Stop(after=0.01))


def test_closing_waits_for_the_thread_that_works(tmp_path: Path) -> None:
    card = HeldCard(SimulatedEuicc.create(None))
    assistant = Assistant(card, state_dir=tmp_path, wait=0)
    closing = threading.Thread(target=assistant.close)
    with working(assistant, card):
        closing.start()
        closing.join(0.05)
        assert closing.is_alive()
    closing.join(30)
    assert not closing.is_alive()


@pytest.mark.parametrize("wait", [-1, math.nan])
def test_a_wait_below_zero_is_a_value_error(wait: float, tmp_path: Path) -> None:
    with closing(SimulatedEuicc.create(None)) as card, pytest.raises(ValueError, match="0 seconds or more"):
        Assistant(card, state_dir=tmp_path, wait=wait)
    with pytest.raises(ValueError, match="0 seconds or more"):
        Locks(tmp_path, wait=wait)


def test_a_block_has_the_card_until_it_ends(lpa_of_three: SimulatedLpa) -> None:
    assistant, _, smdp = lpa_of_three
    smdp.order(packages.sample(), "A-1")
    with ThreadPoolExecutor(1) as pool:
        with assistant.download(ActivationCode(ServerAddress(smdp.host), "A-1")) as offer:
            others = pool.submit(assistant.profiles)
            assert len(assistant.profiles()) == 3
            with pytest.raises(Stopped):
                elsewhere(lambda: offer.install(stop=Stop(after=0.01)))
            assert not others.done()
            offer.install()
        assert len(others.result(30)) == 4


def test_another_thread_may_end_a_block(lpa_of_three: SimulatedLpa) -> None:
    assistant = lpa_of_three.assistant
    block = assistant.temporarily_enabled(SECOND)
    block.__enter__()
    elsewhere(lambda: block.__exit__(None, None, None))
    assert [str(one.iccid) for one in assistant.profiles() if one.enabled] == [FIRST]
    assert len(elsewhere(assistant.profiles)) == 3


def test_a_block_that_ends_after_the_assistant_was_closed_leaves_the_card_alone(tmp_path: Path) -> None:
    card = HeldCard(SimulatedEuicc.create(None))
    assistant = Assistant(card, state_dir=tmp_path, servers=Servers())
    block = assistant.temporarily_enabled(SECOND)
    block.__enter__()
    assistant.close()
    card.holds = True
    card.let_go.set()
    with pytest.raises(WireError, match=r"was closed\. Nordlicht was enabled temporarily") as caught:
        block.__exit__(None, None, None)
    assert "'lpa resume' restores the previous state." in caught.value.advice
    with pytest.raises(WireError, match="was closed"):
        assistant.euicc.profiles()
    assert not card.asked.is_set()


def test_sixteen_assistants_share_a_state_folder(tmp_path: Path) -> None:
    """They make the journal together, change their cards together, and close it one after the other."""

    def delete(number: int) -> bool:
        eid = f"8999999900000000000000000000{number:02}"
        eid += f"{98 - int(eid + '00') % 97:02}"
        card = SimulatedEuicc.create(None, eid=eid)
        with Assistant(card, state_dir=tmp_path, servers=Servers()) as assistant:
            plan = assistant.plan_deletion(SECOND)
            return all(one.acknowledged and one.removed for one in assistant.delete(plan).deliveries)

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(delete, range(16))) == [True] * 16
    with closing(Journal(tmp_path)) as journal:
        journal.check()
        assert (journal.outbox(), journal.lost(), journal.unfinished()) == ((), (), ())
    assert len([*tmp_path.rglob("*.der")]) == 16


def test_a_process_waits_for_another_as_long_as_it_was_told(tmp_path: Path) -> None:
    late = Locks(tmp_path, wait=0.05)
    with Locks(tmp_path).lock("EID 1"), pytest.raises(CardBusy, match=str(os.getpid())), late.lock("EID 1"):
        pass
    held, released = Event(), Event()

    def hold() -> None:
        with Locks(tmp_path).lock("EID 1"):
            held.set()
            assert released.wait(30)

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        assert held.wait(30)
        waiting = Locks(tmp_path, wait=30, on_wait=lambda _: released.set())
        with waiting.lock("EID 1"):
            holding.result(30)


def test_a_forked_process_leaves_the_assistant_alone(
    tmp_path: Path, child: Callable[[Callable[[], bool]], bool]
) -> None:
    folder, locks = tmp_path / "card", Locks(tmp_path / "locks")
    (tmp_path / "locks").mkdir()
    SimulatedEuicc.create(folder).close()
    with Assistant.open(f"sim:{folder}", state_dir=tmp_path / "state", locks=locks) as assistant:
        assistant.protect(FIRST)

        def use() -> bool:
            with pytest.raises(CardBusy, match="forked this one") as caught:
                assistant.profiles()
            with pytest.raises(StorageFailed, match="forked this one"):
                assistant.pending_notifications()
            with pytest.raises(CardBusy, match="forked this one"):
                assistant.euicc.profiles()
            assistant.close()
            return "an assistant of your own" in caught.value.advice

        assert child(use)
        assert len(assistant.profiles()) == 3
        assert assistant.journal.protected()
        with pytest.raises(CardBusy, match=f"process {os.getpid()}"):
            Assistant.open(f"sim:{folder}", state_dir=tmp_path / "state", locks=locks)


def test_a_lock_ends_although_a_forked_process_has_its_file(tmp_path: Path) -> None:
    read, write = os.pipe()
    with Locks(tmp_path).lock("EID 1"):
        pid = os.fork()
        if pid == 0:
            os.close(write)
            os.read(read, 1)  # until the parent has ended
            os._exit(0)
    with Locks(tmp_path).lock("EID 1"):
        os.close(write)
        os.close(read)
        os.waitpid(pid, 0)


def test_no_other_thread_takes_the_locks_of_a_connection_to_the_journal(tmp_path: Path) -> None:
    """The one that makes the file closes it: that would release them, and two could write at once (POSIX)."""
    with ThreadPoolExecutor(8) as pool, ExitStack() as opened:
        journals = list(pool.map(lambda _: opened.enter_context(closing(Journal(tmp_path))), range(8)))
        for number, journal in enumerate(journals):
            pool.submit(journal._write, "INSERT INTO protection VALUES (?)", (str(number),)).result(30)
        assert len(journals[0]._read("SELECT iccid FROM protection", ())) == 8
        journals[0].check()
