"""The budgets that do not depend on the machine."""

from tests import bench


def test_a_list_of_eight_profiles_takes_few_commands() -> None:
    measure = bench.list_apdus()
    assert measure.kept, measure


def test_a_deletion_takes_few_commands() -> None:
    measure = bench.delete_apdus()
    assert measure.kept, measure


def test_a_deletion_with_a_closer_look_takes_a_few_more() -> None:
    measure = bench.reviewed_delete_apdus()
    assert measure.kept, measure


def test_a_deletion_takes_few_commits_of_the_journal() -> None:
    _, commits = bench.journal_cost(times=3)
    assert commits.kept, commits
