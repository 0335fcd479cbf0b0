"""Measure each command on its card in a real reader, for `tests.bench`; and how the counts grow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from lpa.sim.wire.wire import Wire
from lpa.testing.pcscd import PrivatePcscd
from tests.support.budgeted_commands import (
    COMMANDS,
    Budgeted,
    Counted,
    counted,
    cpu_and_peak,
    download,
    run_measured,
)
from tests.support.budgets import Measure
from tests.support.counted import listed

_SLOW, _FAST = "seconds-at-9600-baud", "seconds-at-512-32"
WIRES: dict[str, Callable[[], Wire]] = {
    _SLOW: lambda: Wire.at(9600),
    _FAST: lambda: Wire(fi=512, di=32),
    "seconds-at-512-64": lambda: Wire(fi=512, di=64),
}
LARGE = "download of 4 MB"
_BENCHED = COMMANDS | {LARGE: download(4_000_000)}

_LIST, _DELETE, _NOTIFICATIONS = (
    COMMANDS[name].words
    for name in ("list, 3 profiles", "delete --yes, 3 profiles", "notifications list, none pending")
)
_PENDING = (0, 10, 100, 1000)
# What grows: a command, by the number of profiles, of pending notifications, or of bytes.
GROWTH: dict[str, tuple[Callable[[int], Budgeted], tuple[int, ...]]] = {
    "list, profiles": (partial(Budgeted, _LIST), (1, 3, 8, 20, 50, 200)),
    "delete --yes, profiles": (partial(Budgeted, _DELETE), (3, 8, 20, 50, 200)),
    "delete --yes, pending": (partial(Budgeted, _DELETE, 3), _PENDING),
    "notifications list, pending": (partial(Budgeted, _NOTIFICATIONS, 3), _PENDING),
    "download, bytes": (download, (10_600, 100_000, 1_000_000)),
}


def measures(service: PrivatePcscd, report: Callable[[str], object]) -> Iterator[Measure]:
    """Each command, run once with each line. `report` gets its APDUs in their order."""
    for name, budgeted in _BENCHED.items():
        wires = [_FAST] if name == LARGE else [*WIRES]
        runs = {
            wire: counted(name, service, budgeted, run=run_measured, wire=WIRES[wire]()) for wire in wires
        }
        first = runs[wires[0]]
        assert all(run.ran.code == 0 for run in runs.values()), first.ran
        report(f"\n{name}: {len(first.exchanges)} APDUs, {first.size} bytes")
        if name in COMMANDS:
            report(listed(first.exchanges))
            yield first.measure
        for wire, run in runs.items():
            yield Measure(wire, name, round(run.wire.seconds, 3), "s")
        spent = [cpu_and_peak(run.ran) for run in runs.values()]
        yield Measure("cpu-ms", name, round(min(cpu for cpu, _ in spent)), "ms CPU")
        yield Measure("peak-mib", name, round(spent[0][1], 1), "MiB")


def growth(service: PrivatePcscd) -> Iterator[str]:
    """A line for each: APDUs, bytes and seconds at 9600 baud and at 512/32."""
    for name, (of, sizes) in GROWTH.items():
        for size in sizes:
            slow, fast = (
                counted(name, service, of(size), run=run_measured, wire=WIRES[wire]())
                for wire in (_SLOW, _FAST)
            )
            yield _grown(name, size, slow, fast)


def _grown(name: str, size: int, slow: Counted, fast: Counted) -> str:
    assert slow.ran.code == 0, slow.ran
    numbers = f"{len(slow.exchanges):7} APDU {slow.size:9} bytes"
    seconds = f"{slow.wire.seconds:9.1f} s at 9600 baud {fast.wire.seconds:7.2f} s at 512/32"
    return f"{name:30}{size:>9}{numbers}{seconds}"
