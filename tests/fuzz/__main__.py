"""`make fuzz`: fuzz each target for some time or number of inputs, and print a table of the results.

The exit code is 1 if anything was found, or if a target was not fuzzed as requested: the fuzzer stopped
early, or the time was over before `--runs` inputs were read. Findings are saved in `.fuzz/`, beside the
corpus.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.targets import TARGETS

FOLDER = Path(".fuzz")
CASES = Path(__file__).parent / "cases"
_ROW = "{:<20}{:>12}{:>10}{:>12}{:>10}"


@dataclass(frozen=True)
class FuzzResult:
    """The result for a target: the number of inputs, the seconds, the findings, and a problem of the run."""

    name: str
    inputs: int
    seconds: float
    found: list[Path] = field(default_factory=list)
    problem: str = ""

    @property
    def row(self) -> str:
        """The row of the table."""
        rate = f"{self.inputs / self.seconds:,.0f}"
        return _ROW.format(self.name, f"{self.inputs:,}", f"{self.seconds:.0f}", rate, len(self.found))


def main(arguments: list[str]) -> int:
    """Fuzz the targets in `arguments`; the exit code."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="time for each target (default 60)")
    parser.add_argument(
        "--runs", type=int, default=0, help="maximum of inputs for each target, 0 for no limit"
    )
    parser.add_argument("--jobs", type=int, default=1, help="targets at once (default 1)")
    parser.add_argument(
        "targets", nargs="*", metavar="TARGET", help=f"any of {', '.join(TARGETS)}; default all"
    )
    options = parser.parse_args(arguments)
    if unknown := set(options.targets) - set(TARGETS):
        parser.error(f"unknown target {', '.join(sorted(unknown))}")
    print(_ROW.format("Target", "Inputs", "Seconds", "Per second", "Findings"))
    failed = False
    with ThreadPoolExecutor(max(options.jobs, 1)) as pool:
        names = options.targets or TARGETS
        for one in pool.map(lambda name: fuzz(name, options.seconds, options.runs), names):
            print(one.row, flush=True)
            for path in one.found:
                print(f"  {path}\n    Fix the decoder, then pin it: cp {path} {CASES}/{one.name}/what-it-is")
            if one.problem:
                print(f"  {one.problem}")
            failed = failed or bool(one.found or one.problem)
    return 1 if failed else 0


def fuzz(name: str, seconds: int, runs: int) -> FuzzResult:
    """Fuzz one target in a process of its own."""
    before, began = _saved(name), time.monotonic()
    command = [sys.executable, "-m", "tests.fuzz.campaign", name, str(seconds), str(runs), str(FOLDER)]
    ran = subprocess.run(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, check=False)
    took = time.monotonic() - began
    found = [path for path, written in _saved(name).items() if before.get(path) != written]
    inputs = re.search(r"number_of_executed_units: (\d+)", ran.stderr)
    if inputs is None:
        sys.stderr.write(ran.stderr)
    count = int(inputs[1]) if inputs else 0
    return FuzzResult(name, count, took, found, _problem(ran.returncode, count, runs))


def _saved(name: str) -> dict[Path, int]:
    """The findings of all runs, and when each was last written."""
    paths = (path for path in (FOLDER / name).glob("*") if path.suffix != ".txt")
    return {path: path.stat().st_mtime_ns for path in paths}


def _problem(code: int, count: int, runs: int) -> str:
    """What differs from the request, as a sentence; else empty."""
    if not count or code:
        return f"The fuzzer stopped after {count:,} inputs (exit code {code})."
    if count < runs:
        return f"The time was over after {count:,} of {runs:,} inputs: increase SECONDS."
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
