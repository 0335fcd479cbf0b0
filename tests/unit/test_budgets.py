"""The counts without a reader that have a budget. Those of the commands are in tests/pcsc/test_budgets.py."""

from typing import Literal

import pytest

from tests import bench
from tests.support.budgets import Measure, budgets


@pytest.mark.parametrize("waiting", bench.WAITING)
def test_a_deletion_takes_no_more_commands_because_notifications_are_pending(waiting: int) -> None:
    measure = bench.waiting_delete_apdus(waiting)
    assert measure.kept, str(measure)


def test_a_deletion_takes_few_commits_of_the_journal() -> None:
    _, commits = bench.journal_cost(times=3)
    assert commits.kept, str(commits)


@pytest.mark.parametrize("pin", [None, "1234"])
@pytest.mark.parametrize("protocol", ["T=0", "T=1"])
def test_250_contacts_and_50_messages_take_one_command_each_and_few_more(
    protocol: Literal["T=0", "T=1"], pin: str | None
) -> None:
    measure = bench.backup_apdus(protocol, pin)
    assert measure.kept, str(measure)


def test_a_backup_takes_few_commands_beside_the_files() -> None:
    measure = bench.backup_session_apdus()
    assert measure.kept, str(measure)


def test_a_budget_is_a_maximum_or_in_a_table_that_says_so_a_minimum() -> None:
    (over, kept), (under, reached) = (
        (Measure("apdus", "list, 3 profiles", value) for value in (7, 6)),
        (Measure("per-second-at-least", "kB that a simulated card takes", value) for value in (199, 200)),
    )
    assert (over.kept, kept.kept, under.kept, reached.kept) == (False, True, False, True)
    assert str(over).endswith("at most 6      OVER BUDGET")


def test_every_budget_is_a_number() -> None:
    for table in budgets().values():
        assert all(isinstance(budget, int | float) for budget in table.values())
