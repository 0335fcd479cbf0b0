"""Which modules a run of the command loads, in a process of its own."""

from __future__ import annotations

import functools
import os
import subprocess
import sys

# What only a command needs that asks a server, prints a table at a terminal, or has a journal.
_SERVERS = {"OpenSSL", "asyncio", "cryptography", "ecdsa", "email", "http", "ssl", "urllib3"}
HEAVY = _SERVERS | {
    "asn1tools",
    "hashlib",
    "importlib.metadata",
    "platformdirs",
    "rich",
    "sqlite3",
    "tempfile",
}
_RUN = """
import atexit, sys
atexit.register(lambda: print(*sys.modules, file=sys.stderr))
from lpa.cli.main import main
main()
"""


def by(*arguments: str) -> frozenset[str]:
    """The modules that `lpa` with these arguments loads, beside those that any Python here has loaded."""
    return _modules(_RUN, *arguments) - _bare()


@functools.cache
def _bare() -> frozenset[str]:
    return _modules("import sys; print(*sys.modules, file=sys.stderr)")


def _modules(code: str, *arguments: str) -> frozenset[str]:
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    unmeasured.pop("LPA_TRACE", None)  # of the run of tests; it has a log to write
    command = [sys.executable, "-c", code, *arguments]
    ran = subprocess.run(command, env=unmeasured, capture_output=True, text=True, check=True)
    return frozenset(ran.stderr.split())
