"""The process `lpa`. Loading the commands takes most of its start, and Ctrl-C waits until that is done.

Then it ends the command as always: with a message, and with `--json` one document. `lpa --version` is
answered before anything is loaded: so even `signal` is imported later.
"""

from __future__ import annotations

import gc
import os
import sys

import lpa

TYPE_CHECKING = False  # What typing calls so, without the time that importing typing takes.
if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn


_LPAC = ("lpac", "lpac.exe")  # A link so called to this program makes it behave as `lpa lpac`.
_GARBAGE = 20_000  # new objects after which Python looks for garbage: a short command has little


def main() -> NoReturn:
    """Run the command line of this process."""
    arguments = sys.argv[1:]
    if os.path.basename(sys.argv[0]) in _LPAC:  # noqa: PTH119  (pathlib is not loaded)
        arguments.insert(0, "lpac")
    if arguments == ["--version"] and _version_printed():
        sys.exit(0)
    presses = _Presses()
    gc.disable()  # What is loaded stays: searching it for garbage takes a tenth of the start.
    try:
        from lpa.cli import running
    finally:
        gc.freeze()
        gc.set_threshold(_GARBAGE)
        gc.enable()
        presses.end()
    running.prepare_process()
    code = running.run(arguments, interrupted=presses.pressed)
    gc.freeze()  # The system takes back what is left.
    sys.exit(code)


def _version_printed() -> bool:
    """Print the version as the command does. False if that fails: the command then says why."""
    if sys.stdout is None:
        return False
    try:
        sys.stdout.write(f"lpa {lpa.__version__}\n")
        sys.stdout.flush()
    except OSError:
        return False
    return True


class _Presses:
    """Whether Ctrl-C was pressed until `end`. A process that ignores it still does."""

    def __init__(self) -> None:
        import signal

        self.pressed = False
        self._before = signal.getsignal(signal.SIGINT)
        if self._before is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._note)

    def end(self) -> None:
        """From now on Ctrl-C does what it did before."""
        import signal

        signal.signal(signal.SIGINT, self._before)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.pressed = True
