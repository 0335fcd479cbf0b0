"""`make fuzz`: each target under the fuzzer for a time, one after the other, and a table of what came of it.

The exit code is 1 if anything was found. Findings are saved in `.fuzz/`, where the corpus grows as well.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.fuzz.targets import TARGETS

FOLDER = Path(".fuzz")
CASES = Path(__file__).parent / "cases"
_ROW = "{:<20}{:>12}{:>10}{:>12}{:>10}"


def main() -> int:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default 60)")
    parser.add_argument("--runs", type=int, default=0, help="for each target at most, 0 for no limit")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; or all")
    options = parser.parse_args()
    if unknown := set(options.targets) - set(TARGETS):
        parser.error(f"there is no target {', '.join(sorted(unknown))}")
    print(_ROW.format("Target", "Inputs", "Seconds", "Per second", "Findings"))
    names = options.targets or TARGETS
    found = [path for name in names for path in _run(name, options.seconds, options.runs)]
    for path in found:
        print(f"\n{path}\n  Fix the decoder, then pin it: cp {path} {CASES}/TARGET/what-it-is")
    return 1 if found else 0


def _run(name: str, seconds: int, runs: int) -> list[Path]:
    """Fuzz one target in a process of its own and print its row; the inputs that broke it."""
    began, clock = time.time(), time.monotonic()
    command = [sys.executable, "-m", "tests.fuzz.campaign", name, str(seconds), str(runs), str(FOLDER)]
    ran = subprocess.run(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, check=False)
    took = time.monotonic() - clock
    inputs = re.search(r"number_of_executed_units: (\d+)", ran.stderr)
    if inputs is None:
        sys.stderr.write(ran.stderr)
        print(f"The fuzzer gave up on {name} (exit code {ran.returncode}).")
    paths = [*(FOLDER / name).glob("[!.]*"), *FOLDER.glob(f"{name}-*")]
    found = [path for path in paths if path.suffix != ".txt" and path.stat().st_mtime >= began]
    count = int(inputs[1]) if inputs else 0
    print(_ROW.format(name, f"{count:,}", f"{took:.0f}", f"{count / took:,.0f}", len(found)), flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
