"""Fuzz one target with coverage guidance: `python -m tests.fuzz.campaign TARGET SECONDS RUNS FOLDER`.

It is a process of its own, because libFuzzer ends the process that it runs in. Findings are saved in the
folder `FOLDER/TARGET`, one input for each place of an error.
"""

from __future__ import annotations

import hashlib
import resource
import sys
import traceback
from functools import partial
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(include=["lpa"]):
    from tests.fuzz import memory
    from tests.fuzz.targets import MEMORY, SECONDS, TARGETS, check

_LONGEST = 4096  # bytes; longer inputs only find what is slow, for which there is `mutation.swollen`
_ADDRESSES = 4 << 30  # bytes of address space, most of it the fuzzer's: ends unlimited allocation
_TOGETHER = 256  # inputs; measuring the memory after each would take longer than reading it


class TooMuch(Exception):
    """Reading an input takes more memory than allowed."""


class Campaign:
    """Fuzzes one target and saves the findings, one for each place."""

    def __init__(self, name: str, folder: Path) -> None:
        self.target = TARGETS[name]
        self.found = folder / name
        self.found.mkdir(parents=True, exist_ok=True)
        self._known: set[tuple[object, ...]] = set()
        self._latest: list[bytes] = []
        self._before = 0  # bytes that this process had before those

    def attempt(self, data: bytes) -> None:
        """Read one input."""
        self._try(data)
        self._latest.append(data)
        if len(self._latest) == _TOGETHER:
            if self._before and memory.peak() - self._before > MEMORY:
                self._find_large()
            self._latest.clear()
            memory.reset_peak()
            self._before = memory.now()

    def mutate(self, data: bytes, most: int, seed: int) -> bytes:
        """Half of the mutations keep the form of TLVs or JSON, so that they get past the outermost object."""
        random = Random(seed)  # noqa: S311  (no secret)
        if random.random() < 0.5:
            return bytes(atheris.Mutate(data, most))
        return self.target.mutated(data, random, _mutate)[:most]

    def _try(self, data: bytes) -> None:
        try:
            check(self.target, data)
        except Exception as error:  # noqa: BLE001  (undeclared exceptions are what is searched for)
            self._keep(data, error)

    def _find_large(self) -> None:
        """Repeat the latest inputs, one by one. If none is large, the fuzzer was, or all together."""
        for data in self._latest:
            taken = memory.taken_by(partial(self._try, data))
            if taken > MEMORY:
                self._keep(data, TooMuch(f"{len(data)} bytes took {taken >> 20} MiB"))

    def _keep(self, data: bytes, error: Exception) -> None:
        places = traceback.extract_tb(error.__traceback__)[-1:]
        kind = (type(error), *((place.filename, place.lineno) for place in places))
        if kind not in self._known:
            self._known.add(kind)
            path = self.found / hashlib.sha256(data).hexdigest()[:16]
            path.write_bytes(data)
            path.with_suffix(".txt").write_text("".join(traceback.format_exception(error)))


def run(name: str, seconds: int, runs: int, folder: Path) -> None:
    """Fuzz until the time is over or so many inputs were tried (0: no limit); never returns."""
    campaign = Campaign(name, folder)
    corpus = folder / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in campaign.target.seeds():
        (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESSES, _ADDRESSES))
    options = {
        "max_total_time": seconds,
        "runs": runs or -1,
        "max_len": _LONGEST,
        "timeout": int(20 * SECONDS),  # for endless reading; `check` finds slow reading
        "artifact_prefix": f"{campaign.found}/",
        "print_final_stats": 1,
        "verbosity": 0,
    }
    arguments = [sys.argv[0], *(f"-{option}={value}" for option, value in options.items()), str(corpus)]
    atheris.Setup(arguments, campaign.attempt, custom_mutator=campaign.mutate)
    atheris.Fuzz()


def _mutate(content: bytes) -> bytes:
    return bytes(atheris.Mutate(content, len(content) + 8))


if __name__ == "__main__":
    run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
