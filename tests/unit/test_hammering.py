"""Many threads hammer four cards, and stops come at random: nothing is lost, and every outcome is told.

Each run is a number: what each thread does, and after how many commands and exchanges its stop is requested.
Then a fresh assistant recovers each card, and the invariants of the killed sessions are checked.
`LPA_SOAK=1` takes a thousand runs; without it two are taken.
"""

from __future__ import annotations

import random
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from lpa import Assistant, LpaError, Refused, Stop, Stopped
from lpa.rsp.activation import ActivationCode
from lpa.rsp.names import ServerAddress
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.invariants import check_invariants, resume_in_new_session
from tests.support.killed_child import SMDP, FaultInjector, WatchedCard, WatchedServer, Workspace
from tests.support.procedures import PROCEDURES
from tests.support.sweeps import sample

_THREADS, _CARDS, _VERBS = 32, 4, 2
_POINTS = 80  # commands and exchanges after which a stop may come: more than most verbs make
_ICCIDS = ("8944994000000000017", "8949985000000000025", "89869870000000000033")

Verb = Callable[[Assistant, str, Stop], object]


class RandomStops(FaultInjector):
    """Requests the stop of the thread that works, at the point that was drawn for it."""

    def __init__(self) -> None:
        super().__init__()
        self._own = threading.local()

    def reach(self, step: str, when: str) -> None:
        self._own.left -= 1
        if self._own.left == 0:
            self._own.stop.set()

    def draw(self, drawn: random.Random) -> Stop:
        """A stop for the next verb of this thread."""
        stop = Stop()
        self._own.stop, self._own.left = stop, drawn.randrange(1, _POINTS)
        return stop

    def never(self) -> None:
        """Stop nothing in this thread."""
        self._own.left = 0


def delete(assistant: Assistant, iccid: str, stop: Stop) -> object:
    plan = assistant.plan_deletion(iccid, disable_first=True, stop=stop)
    return assistant.delete(plan, stop=stop)


def download(assistant: Assistant, _: str, stop: Stop) -> object:
    with assistant.download(ActivationCode(ServerAddress(SMDP), "ABC-1"), stop=stop) as offer:
        return offer.install()


def enable_temporarily(assistant: Assistant, iccid: str, stop: Stop) -> object:
    with assistant.temporarily_enabled(iccid, stop=stop) as outcomes:
        assistant.notifications()
    return outcomes


VERBS: tuple[Verb, ...] = (
    delete,
    download,
    enable_temporarily,
    lambda lpa, iccid, stop: lpa.enable(iccid, stop=stop),
    lambda lpa, iccid, stop: lpa.enable(iccid, stop=stop),
    lambda lpa, iccid, stop: lpa.disable(iccid, stop=stop),
    lambda lpa, iccid, stop: lpa.rename(iccid, "new", stop=stop),
    lambda lpa, _, stop: lpa.profiles(stop=stop),
    lambda lpa, _, stop: lpa.send_notifications(stop=stop),
    lambda lpa, _, stop: lpa.send_due_notifications(stop=stop),
    lambda lpa, _, stop: lpa.recover(stop=stop),
)


@contextmanager
def hammered(workspace: Workspace) -> Iterator[tuple[Assistant, RandomStops]]:
    stops, card = RandomStops(), SimulatedEuicc.load(workspace.card)
    stops.never()
    with (
        closing(WatchedServer(card, workspace, stops)) as server,
        Assistant(
            WatchedCard(card, workspace, stops), state_dir=workspace.state, servers=server
        ) as assistant,
    ):
        yield assistant, stops


def hammer(seed: int, thread: int, assistant: Assistant, stops: RandomStops) -> list[LpaError]:
    """Work in one thread: the errors, which are only the ones that must be expected."""
    drawn = random.Random(f"{seed} {thread}")  # noqa: S311 (repeatable)
    errors: list[LpaError] = []
    for verb in drawn.choices(VERBS, k=_VERBS):
        try:
            verb(assistant, drawn.choice(_ICCIDS), stops.draw(drawn))
        except (Refused, Stopped) as error:
            errors.append(error)
    return errors


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = Workspace(tmp_path_factory.mktemp("hammering") / "template")
    SimulatedEuicc.create(workspace.card).close()
    PROCEDURES["download"].prepare(workspace)
    # All verbs once: pytest compiles the modules of lpa that are imported, and Python 3.11 cannot do that in
    # several threads at once ("AST constructor recursion depth mismatch").
    loaded = Workspace(workspace.folder.parent / "loaded")
    shutil.copytree(workspace.folder, loaded.folder)
    with hammered(loaded) as (assistant, _):
        for verb in VERBS[1:]:
            verb(assistant, _ICCIDS[1], Stop())
        delete(assistant, _ICCIDS[0], Stop())
    return workspace.folder


@pytest.mark.parametrize("seed", sample(range(1000), 500))
def test_threads_and_stops_lose_nothing(seed: int, template: Path, tmp_path: Path) -> None:
    workspaces = [Workspace(tmp_path / str(number)) for number in range(_CARDS)]
    for workspace in workspaces:
        shutil.copytree(template, workspace.folder)
    with ExitStack() as opened:
        cards = [opened.enter_context(hammered(workspace)) for workspace in workspaces]
        pool = opened.enter_context(ThreadPoolExecutor(_THREADS))
        running = [pool.submit(hammer, seed, one, *cards[one % _CARDS]) for one in range(_THREADS)]
        errors = [error for one in running for error in one.result(600)]
    assert all(error.message.startswith("Stopped. ") for error in errors if isinstance(error, Stopped))
    assert any(isinstance(error, Stopped) for error in errors)
    for workspace in workspaces:
        resume_in_new_session(workspace)
        check_invariants(workspace)
