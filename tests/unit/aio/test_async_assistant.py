"""`AsyncAssistant`: each verb does what that of `Assistant` does, and the card is closed however it ends."""

from __future__ import annotations

import asyncio
import inspect
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import lpa
from lpa import (
    Assistant,
    Backup,
    BackupFirst,
    Delivery,
    Device,
    Iccid,
    LpaError,
    Outcome,
    Plan,
    ServerAddress,
)
from lpa.aio import AsyncAssistant
from lpa.errors import Stopped
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.stop import Stop
from tests.support.async_session import cancelling, opened
from tests.support.invariants import operations, states
from tests.support.killed_child import FaultInjector, Workspace, hang_up, session
from tests.support.sweeps import sample

FIRST, SECOND, THIRD = "8944994000000000017", "8949985000000000025", "89869870000000000033"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with notifications that are kept, and one that is only on the card."""
    workspace = Workspace(tmp_path_factory.mktemp("aio") / "template")
    SimulatedEuicc.create(workspace.card).close()
    with session(workspace, FaultInjector(hang_up, 0)) as assistant:
        assistant.disable(FIRST)
        assistant.enable(FIRST)
        assistant.euicc.disable_profile(Iccid.parse(FIRST), refresh=False)
        assistant.euicc.enable_profile(Iccid.parse(FIRST), refresh=False)
    return workspace.folder


@pytest.fixture
def workspace(template: Path, tmp_path: Path) -> Workspace:
    return Workspace(shutil.copytree(template, tmp_path / "workspace"))


# A verb, in both: it returns a result, or what can be awaited for one.
Call = Callable[[Any, Plan, Path], Any]
CALLS: dict[str, Call] = {
    "info": lambda card, _plan, _folder: card.info(),
    "profiles": lambda card, _plan, _folder: card.profiles(),
    "find": lambda card, _plan, _folder: card.find("0033"),
    "find nothing": lambda card, _plan, _folder: card.find("4321"),
    "profile": lambda card, _plan, _folder: card.profile(SECOND),
    "subscriber": lambda card, plan, _folder: card.subscriber(plan.others[0], pin="0000", provider=False),
    "back_up": lambda card, _plan, folder: card.back_up(folder / "saved", FIRST, pin="0000"),
    "enable": lambda card, _plan, _folder: card.enable(SECOND),
    "disable": lambda card, _plan, _folder: card.disable(FIRST),
    "rename": lambda card, _plan, _folder: card.rename(SECOND, "Holiday"),
    "reset": lambda card, _plan, _folder: card.reset(["deleteOperationalProfiles"]),
    "protect": lambda card, _plan, _folder: card.protect(SECOND),
    "unprotect": lambda card, _plan, _folder: card.unprotect(SECOND),
    "plan_deletion": lambda card, _plan, _folder: card.plan_deletion(FIRST, disable_first=True),
    "revalidate": lambda card, plan, _folder: card.revalidate(plan),
    "review_deletion": lambda card, plan, _folder: card.review_deletion(plan),
    "review_backup": lambda card, plan, folder: card.review_backup(plan, folder / "saved"),
    "back_up_first": lambda card, plan, folder: card.back_up_first(plan, folder / "saved", pin="0000"),
    "delete": lambda card, plan, _folder: card.delete(plan, "a reason"),
    "install": lambda card, _plan, _folder: card.install(decide=lambda _offer: "postpone"),
    "discover": lambda card, _plan, _folder: card.discover(ServerAddress("smdp.example"), device=Device()),
    "notifications": lambda card, _plan, _folder: card.notifications(),
    "pending_notifications": lambda card, _plan, _folder: card.pending_notifications(),
    "send_notifications": lambda card, _plan, _folder: card.send_notifications(),
    "send_notifications if due": lambda card, _plan, _folder: card.send_notifications(due_only=True),
    "send_own_notifications": lambda card, _plan, _folder: card.send_own_notifications(),
    "send_due_notifications": lambda card, _plan, _folder: card.send_due_notifications(),
    "remove_notification": lambda card, _plan, _folder: card.remove_notification(1),
    "recover": lambda card, _plan, _folder: card.recover(),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_verb_does_what_it_does_without_coroutines(
    call: Call, workspace: Workspace, tmp_path: Path
) -> None:
    same = Workspace(shutil.copytree(workspace.folder, tmp_path / "same"))
    with session(same, FaultInjector()) as assistant:
        expected: object
        try:
            expected = plainly(call(assistant, assistant.plan_deletion(THIRD), same.folder))
        except LpaError as error:
            expected = plainly(error)

    async def main() -> object:
        async with opened(workspace) as card:
            plan = await card.plan_deletion(THIRD)
            try:
                return plainly(await call(card, plan, workspace.folder))
            except LpaError as error:
                return plainly(error)

    assert asyncio.run(main()) == expected
    assert states(workspace) == states(same)
    assert operations(workspace) == operations(same)
    assert [path.name for path in workspace.folder.glob("saved/*")] == [
        path.name for path in same.folder.glob("saved/*")
    ]


def test_every_verb_is_tried() -> None:
    tried = {name.split()[0] for name in CALLS} | {"eid", "download", "temporarily_enabled", "run", "close"}
    verbs = {name for name, value in vars(AsyncAssistant).items() if inspect.isfunction(value)}
    assert {name for name in verbs if name[0] != "_"} == tried


def plainly(value: Any) -> object:
    """A result without what differs between two runs: signatures, folders and the identity of errors."""
    if isinstance(value, tuple):
        return [*map(plainly, value)]
    if isinstance(value, LpaError):
        return type(value), value.message
    shown = {
        Delivery: ("metadata", "acknowledged", "removed", "problem"),
        Outcome: ("profile", "changes", "deliveries", "problem", "enabled"),
        BackupFirst: ("backup", "switches", "problem", "restored"),
        Backup: ("contacts", "messages", "problems"),
    }.get(type(value))
    return [plainly(getattr(value, name)) for name in shown] if shown else value


def test_the_card_says_its_number() -> None:
    async def main(card: SimulatedEuicc) -> str:
        async with AsyncAssistant(lambda: Assistant(card, reader="here")) as assistant:
            assert assistant.reader == "here"
            assert assistant.recovered == ()
            return str(await assistant.eid())

    with SimulatedEuicc.create(None) as card:
        assert asyncio.run(main(card)) == card.eid


def test_a_function_of_the_caller_runs_in_the_thread_of_the_card(workspace: Workspace) -> None:
    async def main() -> None:
        async with opened(workspace) as card:
            kept = await card.run(lambda assistant: len(assistant.journal.outbox()))
            assert kept == 2
            names = {await card.run(lambda _: threading.current_thread().name) for _ in range(3)}
            assert len(names) == 1
            assert names != {threading.current_thread().name}

    asyncio.run(main())


def test_a_profile_is_temporarily_enabled_while_the_block_runs(workspace: Workspace) -> None:
    async def main() -> None:
        async with opened(workspace) as card:
            async with card.temporarily_enabled(SECOND) as outcomes:
                assert (await card.find("0025")).enabled
                assert len(outcomes) == 1
            assert len(outcomes) == 2
            assert (await card.find("0017")).enabled

    asyncio.run(main())


def test_the_previous_profile_is_restored_whoever_is_cancelled(workspace: Workspace) -> None:
    async def enabled(card: AsyncAssistant, entered: asyncio.Event) -> None:
        async with card.temporarily_enabled(SECOND):
            entered.set()
            await asyncio.Event().wait()

    async def main() -> None:
        async with opened(workspace) as card:
            entered = asyncio.Event()
            task = asyncio.create_task(enabled(card, entered))
            await entered.wait()
            for _ in range(5):
                task.cancel()
                await asyncio.sleep(0)
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await card.find("0017")).enabled
            assert await card.recover() == ()

    asyncio.run(main())


def test_a_task_that_is_cancelled_before_the_block_begins_is_told_of_both_switches(
    template: Path, tmp_path: Path
) -> None:
    async def main(name: str, point: int) -> int:
        task = asyncio.current_task()
        assert task
        workspace = Workspace(shutil.copytree(template, tmp_path / name))
        faults = FaultInjector(cancelling(task.cancel), point, point)
        async with opened(workspace, faults) as card, card.temporarily_enabled(SECOND):
            return len(faults.points)

    passed = asyncio.run(main("first", sys.maxsize))
    with pytest.raises(asyncio.CancelledError) as caught:
        asyncio.run(main("second", passed - 1))
    cause = caught.value.__cause__
    assert isinstance(cause, Stopped)
    assert cause.message == "It was stopped before its block began, and ended."
    assert isinstance(cause.outcome, list)
    assert len(cause.outcome) == 2
    assert states(Workspace(tmp_path / "second"))[FIRST] == "enabled"


def test_an_exception_in_the_block_closes_the_card(workspace: Workspace) -> None:
    async def main() -> None:
        async with opened(workspace) as card:
            await card.profiles()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(main())
    assert_closed(workspace)


def test_cancelling_the_block_closes_the_card(workspace: Workspace) -> None:
    async def main() -> None:
        async with asyncio.timeout(0.01), opened(workspace) as card:
            while True:
                await card.profiles()

    with pytest.raises(TimeoutError):
        asyncio.run(main())
    assert_closed(workspace)


def test_closing_waits_for_the_verbs_that_were_called_before(workspace: Workspace) -> None:
    async def main() -> None:
        async with opened(workspace) as card:
            plan = await card.plan_deletion(THIRD)
            deleting = asyncio.create_task(card.delete(plan))
            reading = asyncio.create_task(card.profiles())
            await asyncio.sleep(0)
        assert deleting.done()
        assert len((await deleting).changes) == 1
        assert len(await reading) == 2
        await asyncio.gather(card.close(), card.close())
        for late in (card.profiles(), card.find("0017"), card.run(lambda _: None)):
            with pytest.raises(RuntimeError, match="the card is closed"):
                await late
        with pytest.raises(RuntimeError, match="opened before"):
            await card.__aenter__()

    asyncio.run(main())
    assert_closed(workspace)


def test_a_card_that_is_not_open_says_so(workspace: Workspace) -> None:
    async def main() -> None:
        with pytest.raises(RuntimeError, match="not open"):
            await opened(workspace).profiles()
        await opened(workspace).close()

    asyncio.run(main())


def test_what_cannot_be_opened_leaves_no_thread(tmp_path: Path) -> None:
    async def main() -> None:
        async with lpa.aio.open(f"sim:{tmp_path / 'none'}"):
            pass

    before = threading.active_count()
    with pytest.raises(LpaError):
        asyncio.run(main())
    join(before)


def test_a_card_is_opened_by_its_name(workspace: Workspace, tmp_path: Path) -> None:
    async def main() -> int:
        async with lpa.aio.open(f"sim:{workspace.card}", state_dir=tmp_path / "state") as card:
            assert card.reader == f"sim:{workspace.card}"
            return len(await card.profiles())

    assert asyncio.run(main()) == 3
    assert_closed(workspace)


def test_opening_a_card_can_be_stopped(workspace: Workspace) -> None:
    async def main() -> None:
        with pytest.raises(Stopped, match="before it began"):
            async with lpa.aio.open(f"sim:{workspace.card}", stop=Stop(after=0)):
                pass

    asyncio.run(main())
    assert_closed(workspace)


@pytest.mark.parametrize("point", sample(range(10), 3))
def test_a_card_is_closed_if_the_task_that_opens_it_is_cancelled(workspace: Workspace, point: int) -> None:
    async def main() -> None:
        task = asyncio.current_task()
        assert task
        faults = FaultInjector(cancelling(task.cancel), point, point)
        async with opened(workspace, faults) as card:
            await card.profiles()

    with pytest.raises(asyncio.CancelledError) as caught:
        asyncio.run(main())
    assert isinstance(caught.value.__cause__, Stopped)
    assert_closed(workspace)


_LEAVE = """
import asyncio, sys, threading
import lpa
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc

class Hanging:
    def __init__(self):
        self.card = SimulatedEuicc.create(None)
        self.reset = self.card.reset
        self.close = self.card.close
        self.hangs = False

    def transmit(self, apdu):
        if self.hangs:
            loop.call_soon_threadsafe(loop.stop)
            threading.Event().wait()
        return self.card.transmit(apdu)

async def main():
    transport = Hanging()
    async with lpa.aio.AsyncAssistant(lambda: lpa.Assistant(transport)) as card:
        transport.hangs = True
        await card.profiles()

loop = asyncio.new_event_loop()
task = loop.create_task(main())
loop.run_forever()
loop.close()
del task
print("the loop is closed")
"""


def test_a_card_that_hangs_does_not_keep_a_process_whose_loop_is_closed() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _LEAVE], capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout == "the loop is closed\n"
    assert "coroutine ignored GeneratorExit" not in ran.stderr
    assert "never awaited" not in ran.stderr


def test_the_coroutines_are_loaded_when_they_are_used() -> None:
    code = """
import sys
import lpa
assert not {"asyncio", "lpa.aio"} & {*sys.modules}
lpa.aio.open
assert {"asyncio", "lpa.aio"} <= {*sys.modules}
assert "aio" in dir(lpa)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def assert_closed(workspace: Workspace) -> None:
    """The card can be opened anew, and the state is as it is left by an assistant that was closed."""
    SimulatedEuicc.load(workspace.card).close()
    assert not (workspace.state / "journal.db-wal").exists()


def join(before: int) -> None:
    """Wait until the threads of the cards have ended."""
    for thread in threading.enumerate():
        if thread.name.startswith("lpa "):
            thread.join(10)
    assert threading.active_count() == before
