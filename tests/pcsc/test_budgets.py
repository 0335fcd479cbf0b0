"""The APDUs of each command, counted at a card in a real reader, are within its budget."""

from __future__ import annotations

import pytest

from lpa.testing.pcscd import PrivatePcscd
from tests.support import budgeted_commands
from tests.support.counted import listed


@pytest.mark.parametrize("name", budgeted_commands.COMMANDS)
def test_a_command_takes_few_apdus(name: str, service: PrivatePcscd) -> None:
    counted = budgeted_commands.counted(name, service)
    assert counted.ran.code == 0, counted.ran
    assert counted.measure.kept, f"{counted.measure}\n{listed(counted.exchanges)}"


def test_a_second_reader_costs_no_further_apdu(service: PrivatePcscd) -> None:
    measure = budgeted_commands.extra_for_finding(service)
    assert measure.kept, str(measure)
