"""Counts how often a point is reached, and says which faults are due there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator

from lpa.sim.faults.language import EVERY, Fault, Vocabulary


class FaultSchedule:
    """The faults of one card or server. Each counts the occurrences of its point from when it was added.

    `sleep`: waits some seconds, for the actions that take time. `on_fault`: called with each fault as it
    happens. `happened`: those that have, in order.
    """

    def __init__(self, words: Vocabulary) -> None:
        self._words = words
        self._counted: list[_Counted] = []
        self._lock = threading.Lock()
        self.sleep: Callable[[float], object] = time.sleep
        self.on_fault: Callable[[Fault], object] = lambda _: None
        self.happened: list[Fault] = []

    def add(self, *faults: Fault | str) -> None:
        """Add faults: lines of the language, or parsed ones. Raises ValueError if one cannot happen here."""
        parsed = [Fault.parse(str(fault), self._words) for fault in faults]
        with self._lock:
            self._counted += map(_Counted, parsed)

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._counted.clear()

    @property
    def planned(self) -> tuple[Fault, ...]:
        """The faults that have not happened yet, and those that happen every time."""
        with self._lock:
            return tuple(one.fault for one in self._counted)

    def _due(self, reached: Callable[[Fault], bool]) -> list[Fault]:
        """Count an occurrence of the points of the faults for which `reached`; those that are due now."""
        with self._lock:
            due = [one for one in self._counted if reached(one.fault) and one.is_due()]
            self._counted = [one for one in self._counted if one.fault.nth == EVERY or one not in due]
            return [one.fault for one in due]

    def _happening(self, faults: Iterable[Fault], *whens: str) -> Iterator[Fault]:
        """The faults that stand at one of `whens`, each noted as one that happens now."""
        for fault in faults:
            if fault.when in whens:
                self.happened.append(fault)
                self.on_fault(fault)
                yield fault


class _Counted:
    """A fault, and how often its point was reached."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._reached = 0

    def is_due(self) -> bool:
        """Count one more occurrence, and say whether it is the one."""
        self._reached += 1
        return self.fault.nth in (EVERY, self._reached)
