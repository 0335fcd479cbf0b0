"""Every decoder gives a value or a declared error for any input, in limited time and memory.

`make fuzz` searches for inputs that break this; its findings are pinned in `tests/fuzz/cases/<target>/`.
"""

from __future__ import annotations

import contextlib
import ctypes
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lpa.sim.codec.definitions import types
from tests.fuzz import memory
from tests.fuzz.mutation import swollen
from tests.fuzz.readers import responses
from tests.fuzz.targets import MEMORY, MOST_BYTES, TARGETS, Target, TooSlow, check
from tests.support.sweeps import WHOLE

CASES = Path(__file__).parent / "cases"
PINNED = sorted(path for path in CASES.glob("*/*") if path.is_file())
EXAMPLES, LARGE = (200, 16) if WHOLE else (80, 2)


def _in_c(size: int) -> None:
    """Allocate memory as a library in C does."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    place = ctypes.c_void_p(libc.malloc(ctypes.c_size_t(size)))
    ctypes.memset(place, 1, size)
    libc.free(place)


every_target = pytest.mark.parametrize("name", TARGETS)


@pytest.mark.parametrize("path", PINNED, ids=lambda path: f"{path.parent.name}: {path.name}")
def test_pinned_findings_stay_fixed(path: Path) -> None:
    check(TARGETS[path.parent.name], path.read_bytes())


@every_target
def test_genuine_inputs_are_read(name: str) -> None:
    seeds = list(TARGETS[name].seeds())
    assert seeds
    for seed in seeds:
        check(TARGETS[name], seed)


@every_target
@settings(max_examples=EXAMPLES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_input_gives_a_value_or_a_declared_error(name: str, data: st.DataObject) -> None:
    target = TARGETS[name]
    if data.draw(st.booleans()):
        check(target, data.draw(st.binary(max_size=300)))
        return
    changed = data.draw(st.sampled_from(_seeds(name)))
    random = Random(data.draw(st.integers(0, 2**32)))  # noqa: S311  (no secret)
    for _ in range(data.draw(st.integers(1, 4))):
        changed = target.mutated(changed, random)
    check(target, changed)


@every_target
def test_large_inputs_take_limited_time_and_system_memory(name: str) -> None:
    """Memory as measured by the system, including that of libraries in C."""
    for data in _large(name):
        assert memory.taken_by(partial(check, TARGETS[name], data)) < MEMORY


@every_target
def test_large_inputs_take_limited_python_memory(name: str) -> None:
    """Memory as measured by Python, to the byte."""
    target = TARGETS[name]
    tracemalloc.start()
    try:
        for data in _large(name):
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            _read(target, data)
            assert tracemalloc.get_traced_memory()[1] - before < MEMORY
    finally:
        tracemalloc.stop()


# Some sandboxes have no /proc/self/clear_refs. There the test above still measures Python's own memory.
@pytest.mark.skipif(not memory.KNOWN, reason="the system does not measure it")
@pytest.mark.parametrize("take", [bytearray, _in_c], ids=["Python", "C"])
def test_memory_of_python_and_of_c_is_measured(take: Callable[[int], object]) -> None:
    assert memory.taken_by(lambda: take(3 * MEMORY)) > 2 * MEMORY
    assert memory.taken_by(lambda: take(1000)) < MEMORY


def test_every_answer_type_of_a_card_is_read() -> None:
    assert set(responses().values()) == {name for name in types() if name.endswith("Response")}


def test_an_undeclared_exception_is_found() -> None:
    broken = Target(lambda data: data[0], (), lambda: [b""])
    with pytest.raises(IndexError):
        check(broken, b"")


def test_a_slow_input_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    hours = iter((0.0, 3600.0))
    monkeypatch.setattr("tests.fuzz.targets.time.thread_time", lambda: next(hours))
    with pytest.raises(TooSlow, match="3 bytes took 3600"):
        check(Target(len, (), lambda: [b""]), b"abc")


def test_every_case_has_a_target() -> None:
    assert {path.parent.name for path in PINNED} <= set(TARGETS)


def _seeds(name: str) -> list[bytes]:
    return list(TARGETS[name].seeds())


def _large(name: str) -> list[bytes]:
    """Large variants of a target's largest seed, and of its first."""
    two, head = {_seeds(name)[0], max(_seeds(name), key=len)}, TARGETS[name].choosing
    found = [seed[:head] + data for seed in sorted(two) for data in swollen(seed[head:], MOST_BYTES - head)]
    return found[:: len(found) // LARGE + 1]


def _read(target: Target, data: bytes) -> None:
    with contextlib.suppress(*target.errors):
        target.read(data)
