"""Carry out a procedure in a workspace: `python -m tests.support.recorded_session NAME FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.support.killed_child import FaultInjector, Workspace, session
from tests.support.procedures import PROCEDURES

if __name__ == "__main__":
    name, folder = sys.argv[1:]
    with session(Workspace(Path(folder)), FaultInjector()) as assistant:
        PROCEDURES[name].act(assistant)
