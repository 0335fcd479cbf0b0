"""`make fuzz`: each target under the fuzzer for a time or for so many inputs, and a table of what came of it.

The exit code is 1 if anything was found, and if a target was not fuzzed as was asked for: the fuzzer gave up,
or the time was over before `--runs` inputs were read. Findings are saved in `.fuzz/`, where the corpus grows.
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
class Fuzzed:
    """What came of a target: how many inputs in how many seconds, which broke it, what was not as asked."""

    name: str
    inputs: int
    seconds: float
    found: list[Path] = field(default_factory=list)
    problem: str = ""

    @property
    def row(self) -> str:
        """Of the table."""
        rate = f"{self.inputs / self.seconds:,.0f}"
        return _ROW.format(self.name, f"{self.inputs:,}", f"{self.seconds:.0f}", rate, len(self.found))


def main(arguments: list[str]) -> int:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default 60)")
    parser.add_argument("--runs", type=int, default=0, help="for each target at most, 0 for no limit")
    parser.add_argument("--jobs", type=int, default=1, help="as many targets at once (default 1)")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; or all")
    options = parser.parse_args(arguments)
    if unknown := set(options.targets) - set(TARGETS):
        parser.error(f"there is no target {', '.join(sorted(unknown))}")
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


def fuzz(name: str, seconds: int, runs: int) -> Fuzzed:
    """Fuzz one target in a process of its own."""
    before, clock = _saved(name), time.monotonic()
    command = [sys.executable, "-m", "tests.fuzz.campaign", name, str(seconds), str(runs), str(FOLDER)]
    ran = subprocess.run(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, check=False)
    took = time.monotonic() - clock
    found = [path for path, written in _saved(name).items() if before.get(path) != written]
    inputs = re.search(r"number_of_executed_units: (\d+)", ran.stderr)
    if inputs is None:
        sys.stderr.write(ran.stderr)
    count = int(inputs[1]) if inputs else 0
    return Fuzzed(name, count, took, found, _problem(ran.returncode, count, runs))


def _saved(name: str) -> dict[Path, int]:
    """The findings of all runs, and when each was written last."""
    paths = (path for path in (FOLDER / name).glob("*") if path.suffix != ".txt")
    return {path: path.stat().st_mtime_ns for path in paths}


def _problem(code: int, count: int, runs: int) -> str:
    """What was not as asked. A fuzzer that found something ends as it likes."""
    if not count or code:
        return f"The fuzzer gave up after {count:,} inputs (exit code {code})."
    if count < runs:
        return f"The time was over after {count:,} of {runs:,} inputs: give it more SECONDS."
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
