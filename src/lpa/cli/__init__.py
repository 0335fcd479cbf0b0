"""The command `lpa`: a thin face over `lpa.Assistant`. Each command parses, calls the library, and shows.

Only `gate` turns errors into words and exit codes, and only `screen` writes.
"""

from __future__ import annotations

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line of this process."""
    from lpa.cli import gate

    sys.exit(gate.run(sys.argv[1:]))
