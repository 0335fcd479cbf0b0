"""Measure what the journal and the receipts cost: syncs to the disk, and time as they grow."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import statistics
import subprocess
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from lpa import Assistant
from lpa.journal import Journal
from lpa.sim import samples
from lpa.sim.crypto.pki import Authority
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support import command
from tests.support.budgets import Measure
from tests.support.journals import EID
from tests.support.notified_servers import Servers, simulated_servers
from tests.support.procedures import MEMORY

_SYNCS = ("fsync", "fdatasync", "msync", "sync", "syncfs", "sync_file_range")
_CALLED = tuple(f"{name}(" for name in _SYNCS)
_OPERATIONS, _RECEIPTS, _DELETES, _TIMES = 50_000, 100_000, 100, 5


def syncs(folder: Path) -> Iterator[Measure]:
    """The syncs of three deletions, one after the other; the last of them disables its profile first."""
    profiles = samples.profiles(4)
    card = command.card(folder / "card", *profiles)
    with SimulatedSmdp(Authority.load(card), host="*.smdp.example", any_address=True) as smdp:
        options = ("--reader", f"sim:{card}", "--state-dir", folder / "state")
        delete = (*command.PROGRAM, *options, "--connect-to", smdp.connect_to, "delete", "--yes")
        enabled, second, third, _ = (profile.iccid for profile in profiles)
        for iccid, name in (
            ((second,), "syncs, the first delete on this computer"),
            ((third,), "syncs, delete --yes"),
            (("--disable-first", enabled), "syncs, delete --yes of an enabled profile"),
        ):
            yield Measure("journal", name, _syncs([*map(str, (*delete, *iccid))], folder, but=card))
        assert len(smdp.received) == 4


def _syncs(arguments: list[str], folder: Path, but: Path) -> int:
    """How often a command waits for the disk, `but` for files in one folder."""
    log = folder / "strace"
    strace = ["strace", "-f", "-y", "-e", f"trace={','.join(_SYNCS)}", "-o", str(log), "--"]
    subprocess.run([*strace, *arguments], check=True, capture_output=True)
    calls = [line.split(maxsplit=1)[1] for line in log.read_text().splitlines()]
    return sum(call.startswith(_CALLED) and f"<{but}" not in call for call in calls)


def opening() -> Measure:
    """See `_opening`."""
    return Measure("journal", "opening 50,000 operations after a clean close", _opening(_OPERATIONS), "ms")


def _opening(operations: int) -> float:
    """Milliseconds to open a journal of completed operations, each with a notification, closed cleanly."""
    with tempfile.TemporaryDirectory(dir=_memory()) as name:
        folder = Path(name)
        Journal(folder).close()
        _fill(folder / "journal.db", operations)
        Journal(folder).close()
        seconds = []
        for _ in range(_TIMES):
            begin = time.perf_counter()
            journal = Journal(folder)
            seconds.append(time.perf_counter() - begin)
            journal.close()
    return round(statistics.median(seconds) * 1000, 1)


def _fill(file: Path, operations: int) -> None:
    eid = str(EID)
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        for number in range(1, operations + 1):
            database.execute(
                "INSERT INTO operation (eid, function, before, state, completed, reason, begun, changed, pid,"
                " command) VALUES (?, 'delete', ?, 'CLOSED', 1, '', 1e9, 1e9, 1, 'lpa')",
                (eid, f'["{"x" * 600}"]'),
            )
            database.execute(
                "INSERT INTO notification (eid, sequence, signed, operation, during, kept, sent, removed)"
                " VALUES (?, ?, ?, ?, ?, 1e9, 1e9, 1e9)",
                (eid, number, os.urandom(900), number, number),
            )


def beside_receipts() -> Measure:
    """See `_longer_beside`."""
    name = "delete beside 100,000 receipts, more than beside one"
    return Measure("journal", name, _longer_beside(_RECEIPTS), "ms")


def _longer_beside(receipts: int) -> float:
    """How many milliseconds longer a deletion takes beside many receipts of the card than beside one."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        few, many = _deletion(Path(folder) / "few", 1), _deletion(Path(folder) / "many", receipts)
    return round((many - few) * 1000, 1)


def _deletion(folder: Path, receipts: int) -> float:
    """Seconds of a deletion: the median of several, one after the other."""
    card = SimulatedEuicc.create(None, profiles=samples.profiles(_TIMES + 3))
    seconds = []
    for number, profile in enumerate(card.profiles[1 : _TIMES + 2]):
        with Assistant(card, state_dir=folder, servers=Servers()) as assistant:
            plan = assistant.plan_deletion(profile.iccid)
            begin = time.perf_counter()
            assistant.delete(plan)
            seconds.append(time.perf_counter() - begin)
            if number == 0:
                _add_receipts(folder / "receipts" / str(assistant.eid), receipts)
    return statistics.median(seconds[1:])


def _add_receipts(folder: Path, receipts: int) -> None:
    for number in range(1000, 1000 + receipts):
        name = f"{number:06}-delete-8949985000000000025-{zlib.crc32(b'%d' % number):08x}.der"
        (folder / name).touch(0o600)
    os.sync()


def deletes() -> Iterator[Measure]:
    """Complete deletions per second, and the CPU of one, with the server in this process."""
    for where, folder in (("in memory", _memory()), ("on this disk", Path.cwd())):
        wall, cpu = _deletes(folder)
        name = f"deletes per second, folder {where}"
        yield Measure("journal-at-least", name, round(_DELETES / wall, 1), "1/s")
        if where == "in memory":
            yield Measure("journal", "CPU of a delete", round(cpu / _DELETES * 1000, 1), "ms")


def _deletes(where: Path | None) -> tuple[float, float]:
    """Seconds on the clock, and of the CPU."""
    first = SimulatedEuicc.create(None)
    cards = [first] + [SimulatedEuicc.create(None, authority=first.authority) for _ in range(_DELETES - 1)]
    with simulated_servers(first) as (servers, smdp), tempfile.TemporaryDirectory(dir=where) as folder:
        wall, cpu = time.perf_counter(), time.process_time()
        for card in cards:
            with Assistant(card, state_dir=Path(folder), servers=servers) as assistant:
                assistant.delete(assistant.plan_deletion(card.profiles[1].iccid))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        assert len(smdp.received) == _DELETES
    return wall, cpu


def _memory() -> Path | None:
    return MEMORY if MEMORY.is_dir() else None


def measures() -> Iterator[Measure]:
    """All of them."""
    with tempfile.TemporaryDirectory() as folder:
        yield from syncs(Path(folder))
    yield opening()
    yield beside_receipts()
    yield from deletes()


def growth() -> Iterator[str]:
    """A line for each size of a journal and of a folder of receipts."""
    for operations in (0, 1000, 10_000, _OPERATIONS):
        yield f"{'opening a journal, operations':30}{operations:>9}{_opening(operations):9.1f} ms"
    for receipts in (1, 1000, 10_000, _RECEIPTS):
        yield f"{'delete, more beside receipts':30}{receipts:>9}{_longer_beside(receipts):9.1f} ms"


if __name__ == "__main__":
    for one in measures():
        print(one)  # noqa: T201  (a table for whoever measures)
