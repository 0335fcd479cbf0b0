"""Budgets of lpa, from tests/budgets.toml, and measures to compare with them."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass

from tests.support.paths import TESTS

FILE = TESTS / "budgets.toml"
_AT_LEAST = "-at-least"  # the end of the name of a table whose budgets are minima


@functools.cache
def budgets() -> dict[str, dict[str, float]]:
    """Each table of the file, by its name: budgets by the name of what is measured."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Measure:
    """A value that was measured, of the measure `name` in a table of the budgets. `unit`: for people."""

    table: str
    name: str
    value: float
    unit: str = ""

    @property
    def budget(self) -> float:
        """The budget."""
        return budgets()[self.table][self.name]

    @property
    def at_least(self) -> bool:
        """Whether the budget is the least that the value should be."""
        return self.table.endswith(_AT_LEAST)

    @property
    def kept(self) -> bool:
        """Whether the budget is kept."""
        return self.value >= self.budget if self.at_least else self.value <= self.budget

    def __str__(self) -> str:
        limit = "at least" if self.at_least else "at most"
        verdict = "ok" if self.kept else "OVER BUDGET"
        return f"{self.name:44}{self.value:>9g} {self.unit:9} {limit} {self.budget:<6g} {verdict}"
