"""Procedures that are interrupted: what each does, where it begins, and how it must end."""

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

from lpa import Assistant
from lpa.errors import BadAnswer
from lpa.rsp.activation import ActivationCode
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.invariants import States, check_invariants, resume_in_new_session, states
from tests.support.killed_child import (
    AFTER,
    SMDP,
    FaultInjector,
    WatchedAssistant,
    Workspace,
    hang_up,
    kill,
    session,
)
from tests.support.recovery import resume
from tests.support.sweeps import sample

_EVERY = 31
_FIRST, _SECOND, _THIRD = "8944994000000000017", "8949985000000000025", "89869870000000000033"
_NEW = packages.SAMPLE_ICCID
_DELETE = "BF33"
MEMORY = Path("/dev/shm")  # noqa: S108 - files in memory survive a kill, and sync at once

_WELL_BEHAVED = Behaviour()

Act = Callable[[WatchedAssistant], object]


@dataclass(frozen=True)
class Procedure:
    """What a session does (`act`), and the states of the profiles when it is finished (`ends`).

    `prepare`: what happens before it. `always`: states that hold also if it was interrupted and recovered.
    """

    act: Act
    ends: States
    prepare: Callable[[Workspace], None] = lambda _: None
    behaviour: Behaviour = _WELL_BEHAVED
    always: States = field(default_factory=dict)


def _delete_first(assistant: Assistant) -> object:
    plan = assistant.plan_deletion(_FIRST, disable_first=True)
    return assistant.delete(assistant.review_deletion(plan))


def _delete_third_and_send_later(assistant: Assistant) -> object:
    outcome = assistant.delete(assistant.plan_deletion(_THIRD), deliver="later")
    assert not any(delivery.acknowledged for delivery in outcome.deliveries)
    return assistant.send_due_notifications()


def _enable_on_a_card_that_falls_back(assistant: Assistant) -> None:
    try:
        assistant.enable(_SECOND)
    except BadAnswer as error:
        if error.reason != "changedAtReset":
            raise


def _delete_third(assistant: Assistant) -> object:
    return assistant.delete(assistant.plan_deletion(_THIRD))


def _delete_third_with_a_backup(assistant: WatchedAssistant) -> object:
    plan = assistant.review_deletion(assistant.plan_deletion(_THIRD))
    folder = Path(tempfile.mkdtemp(dir=assistant.workspace.folder))
    saved = assistant.back_up_first(plan, folder / "backup")
    if saved.problem:
        raise saved.problem
    return assistant.delete(plan)


def _die_in_a_temporary_enable(assistant: Assistant) -> None:
    with assistant.temporarily_enabled(_THIRD):
        kill("", "")


def _leave_work_behind(workspace: Workspace) -> None:
    """Leave notifications in the outbox and on the card, and one on the card only."""
    with session(workspace, FaultInjector(hang_up, 0)) as assistant:
        assistant.disable(_FIRST)
        assistant.enable(_SECOND)
        assistant.euicc.delete_profile(assistant.profiles()[0].iccid)


def _leave_a_deletion_behind(workspace: Workspace) -> None:
    """Leave a deletion whose process was killed before the card's answer arrived."""

    def kill_when_deleted(step: str, when: str) -> None:
        if when == AFTER and workspace.notes[-1:] == [["asked", _DELETE]]:
            kill(step, when)

    workspace.note("start")
    die(workspace, _delete_third, FaultInjector(kill_when_deleted, 0))


def _leave_a_temporary_enable_behind(workspace: Workspace) -> None:
    """Leave a profile temporarily enabled, by a process that was killed."""
    die(workspace, _die_in_a_temporary_enable, FaultInjector())


def _order_a_profile(workspace: Workspace) -> None:
    card = SimulatedEuicc.load(workspace.card)
    with SimulatedSmdp(card.authority, host=SMDP, orders=workspace.orders) as smdp:
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
    "delete, and send later": Procedure(
        _delete_third_and_send_later, {_FIRST: "enabled", _SECOND: "disabled"}, always={_FIRST: "enabled"}
    ),
    "delete, and the card lists no notifications": Procedure(
        _delete_first,
        {_SECOND: "disabled", _THIRD: "disabled"},
        behaviour=Behaviour(gives_all_notifications_or_none=True),
    ),
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
    "enable, and the card falls back": Procedure(
        _enable_on_a_card_that_falls_back,
        {_FIRST: "disabled", _SECOND: "disabled", _THIRD: "enabled"},
        behaviour=Behaviour(fallbacks=((_SECOND, _THIRD),)),
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
    "resume a temporary enable": Procedure(
        lambda assistant: assistant.recover(),
        {_FIRST: "enabled", _SECOND: "disabled", _THIRD: "disabled"},
        _leave_a_temporary_enable_behind,
        always={_FIRST: "enabled"},
    ),
}


class Stage:
    """A procedure, the points of its run without faults, and a new workspace for each run."""

    def __init__(self, procedure: Procedure, folder: Path) -> None:
        self.procedure = procedure
        self._folder, self._runs = folder, 0
        template = Workspace(folder / "template")
        SimulatedEuicc.create(template.card, behaviour=procedure.behaviour).close()
        procedure.prepare(template)
        self.begins = states(template)
        self.noted = len(template.notes)  # events before the procedure begins
        faults = FaultInjector()
        workspace = self.workspace()
        with session(workspace, faults) as assistant:
            procedure.act(assistant)
        self.points = faults.points
        assert states(workspace) == procedure.ends
        check_invariants(workspace)

    def workspace(self) -> Workspace:
        """A workspace in which the procedure can begin."""
        self._runs += 1
        folder = self._folder / str(self._runs)
        shutil.copytree(self._folder / "template", folder)
        return Workspace(folder)

    def chosen(self, *steps: str) -> Iterator[int]:
        """The points of these steps at which to inject the fault. A failed test shows its point."""
        found = [number for number, (step, _) in enumerate(self.points) if step in steps]
        for number in sample(found, _EVERY):
            sys.stdout.write(f"point {number} of {len(self.points)}: {' '.join(self.points[number])}\n")
            yield number

    def finish(self, workspace: Workspace) -> None:
        """Resume after a fault, then do what was not done, and check the invariants."""
        resume_in_new_session(workspace)
        check_invariants(workspace)
        assert self.procedure.always.items() <= states(workspace).items()
        if states(workspace) != self.procedure.ends:
            with session(workspace, FaultInjector()) as assistant:
                self.procedure.act(assistant)
            check_invariants(workspace)
        assert states(workspace) == self.procedure.ends
        shutil.rmtree(workspace.folder)


def die(workspace: Workspace, act: Act, faults: FaultInjector) -> None:
    """Run something in a child process that is killed."""
    child = os.fork()
    if child == 0:
        try:
            with session(workspace, faults) as assistant:
                act(assistant)
        except BaseException:  # noqa: BLE001 - the child must not continue with the parent's tests
            traceback.print_exc()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "it ended before it was killed"
    assert os.WTERMSIG(status) == signal.SIGKILL
