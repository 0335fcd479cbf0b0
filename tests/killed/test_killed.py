"""Wherever a session ends, nothing is lost: the next one finds out what is true and finishes it.

Each procedure is run once to count the points before and after every command to the card, exchange with a
server, write of the journal and step of keeping a receipt. Then it is run once for each point, and ended
there: killed with SIGKILL, stopped with Ctrl-C, the card pulled, the network gone, the server answering what
it should not, the disk full. A fresh session resumes, and what the card, the disk and the server then hold is
judged by `inquest`.

`LPA_KILL_ALL=1` takes every point; without it a part of them, spread evenly, is enough for every day.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.errors import LpaError, OutcomeUnknown
from lpa.rsp.activation import ActivationCode
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.invariants import States, inquest, resume_afresh, states
from tests.support.killed_child import (
    AFTER,
    CARD,
    DISK,
    JOURNAL,
    RECEIPT,
    SERVER,
    SMDP,
    Fate,
    Place,
    WatchedAssistant,
    answering,
    fill,
    hang_up,
    interrupt,
    kill,
    pull,
    session,
)
from tests.support.recovery import resume

_EVERY = 1 if os.environ.get("LPA_KILL_ALL") else 7  # odd, so that befores and afters take turns
_FIRST, _SECOND, _THIRD = "8944994000000000017", "8949985000000000025", "89869870000000000033"
_NEW = packages.SAMPLE_ICCID
_DELETE = "BF33"
_MEMORY = Path("/dev/shm")  # noqa: S108 - a kill takes nothing from files in memory, and they sync at once

_WELL_BEHAVED = Behaviour()

Act = Callable[[WatchedAssistant], object]

# What a server should not answer: by something before it that does not work, a no, and nonsense.
_ANSWERS = {
    "HTML": (500, b"<html><body><h1>Internal Server Error</h1></body></html>"),
    "a no": (
        200,
        b'{"header": {"functionExecutionStatus": {"status": "Failed", "statusCodeData": '
        b'{"subjectCode": "8.1", "reasonCode": "4.8", "message": "no"}}}}',
    ),
    "nonsense": (200, b"\x00\xff{"),
}

pytestmark = pytest.mark.usefixtures("states_by_the_table")


@dataclass(frozen=True)
class Procedure:
    """What a session does, and how the profiles are when it is done. `prepare`: what happened before it.

    `always`: how some profiles are also if it ended anywhere and was recovered.
    """

    act: Act
    ends: States
    prepare: Callable[[Place], None] = lambda _: None
    behaviour: Behaviour = _WELL_BEHAVED
    always: States = field(default_factory=dict)


def _delete_first(assistant: Assistant) -> object:
    plan = assistant.plan_deletion(_FIRST, disable_first=True)
    return assistant.delete(assistant.review_deletion(plan))


def _delete_third(assistant: Assistant) -> object:
    return assistant.delete(assistant.plan_deletion(_THIRD))


def _delete_third_with_a_backup(assistant: WatchedAssistant) -> object:
    plan = assistant.review_deletion(assistant.plan_deletion(_THIRD))
    folder = Path(tempfile.mkdtemp(dir=assistant.place.folder))
    rescued = assistant.back_up_first(plan, folder / "backup")
    if rescued.problem:
        raise rescued.problem
    return assistant.delete(plan)


def _die_in_an_interlude(assistant: Assistant) -> None:
    with assistant.temporarily_enabled(_THIRD):
        kill("", "")


def _leave_work_behind(place: Place) -> None:
    """Notifications that are in the outbox and on the card, and one that is on the card alone."""
    with session(place, Fate(hang_up, 0)) as assistant:
        assistant.disable(_FIRST)
        assistant.enable(_SECOND)
        assistant.euicc.delete_profile(assistant.profiles()[0].iccid)


def _leave_a_deletion_behind(place: Place) -> None:
    """A profile that was deleted in a session that did not live to hear it."""

    def kill_when_deleted(step: str, moment: str) -> None:
        if moment == AFTER and place.notes[-1:] == [["asked", _DELETE]]:
            kill(step, moment)

    place.note("begun")
    die(place, _delete_third, Fate(kill_when_deleted, 0))


def _leave_an_interlude_behind(place: Place) -> None:
    """A profile that was put to use for a moment in a session that did not live to end it."""
    die(place, _die_in_an_interlude, Fate())


def _order_a_profile(place: Place) -> None:
    card = SimulatedEuicc.load(place.card)
    with SimulatedSmdp(card.authority, host=SMDP, orders=place.orders) as smdp:
        smdp.order(packages.sample(iccid=_NEW), "ABC-1", downloads=1000)
    card.close()


def _download(assistant: Assistant) -> object:
    with assistant.download(ActivationCode.parse(f"LPA:1${SMDP}$ABC-1")) as offer:
        return offer.install()


PROCEDURES = {
    "download": Procedure(
        _download,
        {_FIRST: "enabled", _SECOND: "disabled", _THIRD: "disabled", _NEW: "disabled"},
        _order_a_profile,
    ),
    "delete": Procedure(_delete_first, {_SECOND: "disabled", _THIRD: "disabled"}),
    "delete with backup": Procedure(
        _delete_third_with_a_backup,
        {_FIRST: "enabled", _SECOND: "disabled"},
        always={_FIRST: "enabled", _SECOND: "disabled"},
    ),
    "enable": Procedure(
        lambda assistant: assistant.enable(_SECOND),
        {_FIRST: "disabled", _SECOND: "enabled", _THIRD: "disabled"},
    ),
    "enable, the fourth way": Procedure(
        lambda assistant: assistant.enable(_SECOND),
        {_FIRST: "disabled", _SECOND: "enabled", _THIRD: "disabled"},
        behaviour=Behaviour(accepted=(("isdpAid", True),)),
    ),
    "disable": Procedure(
        lambda assistant: assistant.disable(_FIRST),
        {_FIRST: "disabled", _SECOND: "disabled", _THIRD: "disabled"},
    ),
    "reset": Procedure(lambda assistant: assistant.reset(["deleteOperationalProfiles"]), {}),
    "send": Procedure(
        lambda assistant: assistant.send_notifications(),
        {_SECOND: "enabled", _THIRD: "disabled"},
        _leave_work_behind,
    ),
    "resume": Procedure(
        resume,
        {_FIRST: "enabled", _SECOND: "disabled"},
        _leave_a_deletion_behind,
    ),
    "resume an interlude": Procedure(
        lambda assistant: assistant.recover(),
        {_FIRST: "enabled", _SECOND: "disabled", _THIRD: "disabled"},
        _leave_an_interlude_behind,
        always={_FIRST: "enabled"},
    ),
}


class Stage:
    """A procedure, the points of its undisturbed run, and a fresh place for each run."""

    def __init__(self, procedure: Procedure, folder: Path) -> None:
        self.procedure = procedure
        self._folder, self._runs = folder, 0
        template = Place(folder / "template")
        SimulatedEuicc.create(template.card, behaviour=procedure.behaviour).close()
        procedure.prepare(template)
        self.begins = states(template)
        fate = Fate()
        place = self.place()
        with session(place, fate) as assistant:
            procedure.act(assistant)
        self.points = fate.points
        assert states(place) == procedure.ends
        inquest(place)

    def place(self) -> Place:
        """A place as the procedure finds it."""
        self._runs += 1
        folder = self._folder / str(self._runs)
        shutil.copytree(self._folder / "template", folder)
        return Place(folder)

    def chosen(self, *steps: str) -> Iterator[int]:
        """The points of these steps where the disaster is to strike. A failure is told with its point."""
        found = [number for number, (step, _) in enumerate(self.points) if step in steps]
        for number in found[::_EVERY]:
            sys.stdout.write(f"point {number} of {len(self.points)}: {' '.join(self.points[number])}\n")
            yield number

    def finish(self, place: Place) -> None:
        """Resume after a disaster, then do what was not done, and judge."""
        resume_afresh(place)
        inquest(place)
        assert self.procedure.always.items() <= states(place).items()
        if states(place) != self.procedure.ends:
            with session(place, Fate()) as assistant:
                self.procedure.act(assistant)
            inquest(place)
        assert states(place) == self.procedure.ends
        shutil.rmtree(place.folder)


@pytest.fixture(params=PROCEDURES, scope="module")
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        yield Stage(PROCEDURES[request.param], Path(folder))


def test_killed_at_any_point_it_loses_nothing(stage: Stage) -> None:
    for point in stage.chosen(CARD, SERVER, JOURNAL, RECEIPT, DISK):
        place = stage.place()
        die(place, stage.procedure.act, Fate(kill, point))
        stage.finish(place)


def test_with_the_card_pulled_at_any_point_it_loses_nothing(stage: Stage) -> None:
    for point in stage.chosen(CARD):
        _survive(stage, Fate(pull, point))


@pytest.mark.parametrize("lasting", [True, False])
def test_with_the_server_failing_at_any_point_it_loses_nothing(stage: Stage, lasting: bool) -> None:
    for point in stage.chosen(SERVER):
        _survive(stage, Fate(hang_up, point, sys.maxsize if lasting else point))


@pytest.mark.parametrize("lasting", [True, False])
@pytest.mark.parametrize("said", _ANSWERS)
def test_with_the_server_answering_wrongly_at_any_point_it_loses_nothing(
    stage: Stage, said: str, lasting: bool
) -> None:
    for point in stage.chosen(SERVER):
        _survive(stage, Fate(answering(*_ANSWERS[said]), point, sys.maxsize if lasting else point))


@pytest.mark.parametrize("lasting", [True, False])
def test_with_the_disk_full_at_any_point_it_loses_nothing(stage: Stage, lasting: bool) -> None:
    for point in stage.chosen(JOURNAL, RECEIPT, DISK):
        _survive(stage, Fate(fill, point, sys.maxsize if lasting else point))


def test_with_ctrl_c_at_any_point_it_loses_nothing(stage: Stage) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        for point in stage.chosen(CARD, SERVER, JOURNAL, RECEIPT, DISK):
            place = stage.place()
            with pytest.raises(KeyboardInterrupt), session(place, Fate(interrupt, point, point)) as assistant:
                stage.procedure.act(assistant)
            stage.finish(place)
    finally:
        signal.signal(signal.SIGINT, before)


def _survive(stage: Stage, fate: Fate) -> None:
    """Run into a disaster that leaves the process alive: then what it says must be true."""
    place = stage.place()
    error = None
    try:
        with session(place, fate) as assistant:
            stage.procedure.act(assistant)
    except LpaError as raised:
        error = raised
    assert len(fate.points) > 0
    if stage.begins != stage.procedure.ends and not isinstance(error, OutcomeUnknown):
        assert (states(place) == stage.procedure.ends) is (error is None), error
    stage.finish(place)


def die(place: Place, act: Act, fate: Fate) -> None:
    """Do something in a child process that does not survive it."""
    child = os.fork()
    if child == 0:
        try:
            with session(place, fate) as assistant:
                act(assistant)
        except BaseException:  # noqa: BLE001 - nothing of a child may go on in the parent's tests
            traceback.print_exc()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "it ended before it was killed"
    assert os.WTERMSIG(status) == signal.SIGKILL
