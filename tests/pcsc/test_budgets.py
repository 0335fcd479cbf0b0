"""The APDUs of each command, counted at a card in a real reader, are within its budget."""

from __future__ import annotations

import pytest

from lpa.testing.pcscd import PrivatePcscd
from tests.support import budgeted_commands
from tests.support.budgets import Measure
from tests.support.counted import listed
from tests.support.paths import DOCS


def documented(measure: Measure) -> tuple[float, float]:
    """The count and the budget of a measure in the table of docs/performance.md."""
    rows = (line.split(" | ") for line in (DOCS / "performance.md").read_text(encoding="utf-8").splitlines())
    ((_, count, budget, *_),) = (row for row in rows if row[0] == f"| {measure.name}")
    return float(count), float(budget)


@pytest.mark.parametrize("name", budgeted_commands.COMMANDS)
def test_a_command_takes_few_apdus(name: str, service: PrivatePcscd) -> None:
    counted = budgeted_commands.counted(name, service)
    assert counted.ran.code == 0, counted.ran
    assert counted.measure.kept, f"{counted.measure}\n{listed(counted.exchanges)}"
    assert documented(counted.measure) == (counted.measure.value, counted.measure.budget)


def test_a_second_reader_costs_no_further_apdu(service: PrivatePcscd) -> None:
    measure = budgeted_commands.extra_for_finding(service)
    assert measure.kept, str(measure)
    assert documented(measure) == (measure.value, measure.budget)
