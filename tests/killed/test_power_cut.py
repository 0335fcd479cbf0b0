"""Wherever the power is cut, nothing is lost: the next session recovers and completes the procedure.

Each procedure is carried out once by a process of its own, whose system calls are recorded. Then, for each
call that changed or flushed a file, the disk is as a power cut there leaves it (`tests.support.power_cut`):
of the state folder only what was flushed is left; the card and the server, which have power of their own,
keep all. Two things are checked: that the disk knows of all that the card was asked for, that the server
received and that was removed from the card; and, after a new session resumed, `check_invariants`.

`LPA_SOAK=1` takes every point of every procedure; without it a fixed sample is taken.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import power_cut
from tests.support.invariants import check_known
from tests.support.killed_child import Workspace
from tests.support.power_cut import Disk, Left
from tests.support.procedures import MEMORY, PROCEDURES, Stage
from tests.support.sweeps import WHOLE, sample

_EVERY = 41
_SAMPLE = ("delete", "enable")

pytestmark = pytest.mark.usefixtures("states_by_the_table")


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Path(folder)


@pytest.mark.parametrize("name", PROCEDURES if WHOLE else _SAMPLE)
def test_with_the_power_cut_at_any_point_it_loses_nothing(name: str, folder: Path) -> None:
    stage = Stage(PROCEDURES[name], folder)
    points = [*_points(name, stage.workspace())]
    for number, left in sample(points, _EVERY):
        sys.stdout.write(f"point {number} of {len(points)}\n")
        workspace = Workspace(folder / f"left {number}")
        power_cut.write(left, workspace.folder)
        check_known(workspace, stage.noted)
        stage.finish(workspace)


def _points(name: str, workspace: Workspace) -> Iterator[tuple[int, Left]]:
    """What is left after each call if it differs, without and with the names that were not flushed."""
    disk, seen = Disk(workspace.folder), set[str]()
    command = [sys.executable, "-m", "tests.support.recorded_session", name, str(workspace.folder)]
    for number, call in enumerate(power_cut.record(command, workspace.folder)):
        if disk.carry_out(call):
            for names_kept in (False, True):
                left = disk.left(workspace.state.name, names_kept=names_kept)
                if power_cut.digest(left) not in seen:
                    seen.add(power_cut.digest(left))
                    yield 2 * number + names_kept, left
    disk.check()
