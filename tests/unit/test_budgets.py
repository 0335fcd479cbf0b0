"""The limits that do not depend on the speed of the machine."""

from typing import Literal

import pytest

from tests import bench
from tests.support import bench_downloads, bench_wire


def test_a_list_of_eight_profiles_takes_few_commands() -> None:
    measure = bench.list_apdus()
    assert measure.kept, measure


def test_a_deletion_takes_few_commands() -> None:
    measure = bench.delete_apdus()
    assert measure.kept, measure


@pytest.mark.parametrize(("profiles", "budget"), bench.REVIEWED)
def test_a_reviewed_deletion_takes_a_few_more(profiles: int, budget: int) -> None:
    measure = bench.reviewed_delete_apdus(profiles, budget)
    assert measure.kept, measure


@pytest.mark.parametrize("waiting", bench.WAITING)
def test_a_deletion_takes_no_more_commands_because_notifications_are_pending(waiting: int) -> None:
    measure = bench.waiting_delete_apdus(waiting)
    assert measure.kept, measure


def test_a_deletion_takes_few_commits_of_the_journal() -> None:
    _, commits = bench.journal_cost(times=3)
    assert commits.kept, commits


@pytest.mark.parametrize("pin", [None, "1234"])
@pytest.mark.parametrize("protocol", ["T=0", "T=1"])
def test_250_contacts_and_50_messages_take_one_command_each_and_few_more(
    protocol: Literal["T=0", "T=1"], pin: str | None
) -> None:
    measure = bench.backup_apdus(protocol, pin)
    assert measure.kept, measure


def test_a_backup_takes_few_commands_beside_the_files() -> None:
    measure = bench.backup_session_apdus()
    assert measure.kept, measure


def test_a_download_takes_few_commands_and_hardly_more_than_necessary() -> None:
    count, above = bench_downloads.download_apdus()
    assert count.kept, count
    assert above.kept, above


@pytest.mark.parametrize("name", bench_wire.PROCEDURES)
def test_a_procedure_is_not_slow_on_a_line_of_9600_baud(name: str) -> None:
    measure = bench_wire.seconds(name, "9600 baud")
    assert measure.kept, measure
