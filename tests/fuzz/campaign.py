"""One target under the coverage-guided fuzzer: `python -m tests.fuzz.campaign TARGET SECONDS RUNS FOLDER`.

A process of its own, because libFuzzer ends the one that it runs in. What it finds it saves in the folder
`FOLDER/TARGET`, one input for each place where something goes wrong, and goes on.
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

_LONGEST = 4096  # bytes; longer inputs find nothing that these do not, but what is slow, see `worst`
_ADDRESSES = 4 << 30  # bytes of address space, most of it the fuzzer's own: an end for what has none
_TOGETHER = 256  # inputs; to ask the system after each for what memory it took would take longer than reading


class TooMuch(Exception):
    """An input takes more memory to read than it may."""


class Campaign:
    """Runs one target and keeps what it finds, one of a kind."""

    def __init__(self, name: str, folder: Path) -> None:
        self.target = TARGETS[name]
        self.found = folder / name
        self.found.mkdir(parents=True, exist_ok=True)
        self._known: set[tuple[object, ...]] = set()
        self._latest: list[bytes] = []
        self._before = 0  # what this process had before those

    def attempt(self, data: bytes) -> None:
        """Read one input."""
        self._try(data)
        self._latest.append(data)
        if len(self._latest) == _TOGETHER:
            if self._before and memory.peak() - self._before > MEMORY:
                self._find_who_took_it()
            self._latest.clear()
            memory.forget_peak()
            self._before = memory.now()

    def mutate(self, data: bytes, most: int, seed: int) -> bytes:
        """Half of the changes keep the form of TLVs or JSON, so that they get behind what is outermost."""
        random = Random(seed)  # noqa: S311  (no secret)
        if random.random() < 0.5:
            return bytes(atheris.Mutate(data, most))
        return self.target.mutated(data, random, _mutate)[:most]

    def _try(self, data: bytes) -> None:
        try:
            check(self.target, data)
        except Exception as error:  # noqa: BLE001  (to find what should never come is the purpose)
            self._keep(data, error)

    def _find_who_took_it(self) -> None:
        """Each of the latest once more. If none is it, the fuzzer was, or all together."""
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
    """Fuzz until the time is over or so many inputs were tried (0: no end); never returns."""
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
        "timeout": int(20 * SECONDS),  # what never ends; what is only slow is found by `check`
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
