"""The command `lpa`: a thin face over `lpa.Assistant`. Each command parses, calls the library, and shows.

Only `gate` turns errors into words and exit codes, and only `screen` writes.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line of this process."""
    _open_what_is_closed()
    _leave_no_core()
    from lpa.cli import exits

    sys.exit(exits.run(sys.argv[1:]))


def _open_what_is_closed() -> None:
    """Put nothing in place of a standard stream that is closed (`>&-`).

    Else the next file that is opened would get its number: a receipt, or the state of a simulated card.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))


def _leave_no_core() -> None:
    """Have the system write no memory of ours to disk if we crash: there may be a PIN in it.

    Linux takes one byte for none at all, and 0 for a wish that a program which collects cores need not obey.
    """
    if sys.platform != "win32":
        import resource

        most = 1 if sys.platform == "linux" else 0
        with contextlib.suppress(OSError, ValueError):  # where a lower limit is set already
            resource.setrlimit(resource.RLIMIT_CORE, (most, most))
