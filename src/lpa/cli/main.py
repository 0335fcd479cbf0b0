"""The process `lpa`. Loading the commands takes most of its start, and Ctrl-C waits until that is done.

Then it ends the command as always: with a message, and with `--json` one document.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line of this process."""
    with _ctrl_c_waits() as pressed:
        from lpa.cli import running
    running.prepare_process()
    sys.exit(running.run(sys.argv[1:], interrupted=bool(pressed)))


@contextmanager
def _ctrl_c_waits() -> Iterator[list[int]]:
    """The signals of Ctrl-C that came in the block. A process that ignores them still does."""
    pressed: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)
