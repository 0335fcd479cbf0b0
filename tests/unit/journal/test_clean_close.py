"""A journal that was closed cleanly is not checked when it is opened; every other one is."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from lpa import doctor
from lpa.errors import StorageFailed
from lpa.journal import Journal, clean_close, tables
from lpa.journal.database import Database
from tests.support.journals import EID, PROFILE, child, ready, signed

Checks = Callable[[Path], int]


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Checks:
    """How often the whole file is checked while a journal is opened and closed."""
    made: list[Path] = []
    check = Database.check

    def counted(self: Database) -> None:
        made.append(self._folder)
        check(self)

    monkeypatch.setattr(Database, "check", counted)

    def count(folder: Path) -> int:
        made.clear()
        Journal(folder).close()
        return len(made)

    return count


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With a journal that was closed, in which a notification is pending and one is not."""
    folder = tmp_path / "state"
    with closing(Journal(folder)) as journal, journal.operation(EID, "delete", (PROFILE,)) as operation:
        journal.keep(EID, signed("01"), signed("02"), operation=operation)
        journal.sent(EID, signed("01"), {})
        journal.removed(EID, signed("01"))
        operation.complete()
    return folder


def test_only_the_first_time_it_is_checked(tmp_path: Path, checks: Checks) -> None:
    assert [checks(tmp_path), checks(tmp_path), checks(tmp_path)] == [1, 0, 0]


def test_who_only_reads_leaves_it_as_it_was_closed(folder: Path) -> None:
    before = (folder / "journal.closed").stat().st_mtime_ns
    with closing(Journal(folder)) as journal:
        assert len(journal.outbox()) == 1
    assert (folder / "journal.closed").stat().st_mtime_ns == before


def test_who_writes_and_closes_leaves_nothing_to_check(folder: Path, checks: Checks) -> None:
    with closing(Journal(folder)) as journal:
        journal.protect(PROFILE.iccid)
        journal.sent(EID, signed("02"), {})
    assert checks(folder) == 0


def test_after_a_crash_it_is_checked_once(folder: Path, checks: Checks) -> None:
    def write() -> None:
        journal = Journal(folder)
        journal.protect(PROFILE.iccid)
        ready()

    with child(write) as writer:
        writer.wait_until_ready()
        assert checks(folder) == 1, "while somebody writes"
        writer.kill()
    assert [checks(folder), checks(folder)] == [1, 0]


def test_only_the_last_process_records_that_it_is_closed(folder: Path, checks: Checks) -> None:
    first, last = Journal(folder), Journal(folder)
    before = (folder / "journal.closed").read_text()
    last.protect(PROFILE.iccid)
    first.close()
    assert (folder / "journal.closed").read_text() == before
    last.close()
    assert (folder / "journal.closed").read_text() != before
    assert checks(folder) == 0


def _restore(folder: Path) -> None:
    shutil.copy2(folder / "journal.db", folder / "copy")
    (folder / "copy").replace(folder / "journal.db")


@pytest.mark.parametrize(
    "act",
    [
        _restore,
        lambda folder: os.utime(folder / "journal.db"),
        lambda folder: (folder / "journal.closed").unlink(),
        lambda folder: (folder / "journal.closed").write_bytes(b""),
        lambda folder: (folder / "journal.closed").write_bytes(b"\xff" * 1000),
    ],
    ids=["restored", "touched", "not recorded", "lost by a power cut", "garbage"],
)
def test_what_is_not_as_it_was_closed_is_checked(
    folder: Path, checks: Checks, act: Callable[[Path], object]
) -> None:
    act(folder)
    assert [checks(folder), checks(folder)] == [1, 0]


def test_for_other_tables_or_another_sqlite_it_is_checked(
    folder: Path, checks: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.0.0")
    assert [checks(folder), checks(folder)] == [1, 0]
    assert clean_close.description(folder, "3.0.0").startswith(f"{tables.VERSION} 3.0.0 ")


def test_a_record_that_cannot_be_written_costs_a_check_and_nothing_else(folder: Path, checks: Checks) -> None:
    (folder / "journal.closed").unlink()
    (folder / "journal.closed").mkdir()
    assert [checks(folder), checks(folder)] == [1, 1]


# What a cleanly closed file gives up: a disk that loses its content later, without anybody writing to it.


def damage(folder: Path, name: str, *, recorded: bool) -> None:
    """Empty the page of a table or an index. `recorded`: so that the file looks as it was closed."""
    file = folder / "journal.db"
    before = clean_close.description(folder, sqlite3.sqlite_version)
    with closing(sqlite3.connect(file)) as database:
        (page,) = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    data = bytearray(file.read_bytes())
    data[(page - 1) * size + 3 : (page - 1) * size + 5] = bytes(2)  # how many entries there are
    file.write_bytes(data)
    if recorded:
        text = (folder / "journal.closed").read_text()
        assert text.startswith(before)
        after = clean_close.description(folder, sqlite3.sqlite_version)
        (folder / "journal.closed").write_text(after + text.removeprefix(before))


@pytest.mark.parametrize("index", ["outbox", "not_closed"])
def test_a_damaged_index_hides_nothing_that_is_pending(folder: Path, index: str) -> None:
    damage(folder, index, recorded=True)
    with pytest.raises(StorageFailed, match=r"journal in .* is damaged\.$"):
        Journal(folder)


def test_a_damaged_table_hides_nothing_that_is_pending(folder: Path) -> None:
    damage(folder, "notification", recorded=True)
    damage(folder, "operation", recorded=True)
    with closing(Journal(folder)) as journal:
        for read in (journal.outbox, journal.unfinished):
            with pytest.raises(StorageFailed, match="malformed") as refused:
                read()
            assert "Move the damaged journal.db away" in refused.value.advice


def test_damage_to_what_is_finished_is_found_by_the_doctor_and_from_then_on(folder: Path) -> None:
    damage(folder, "part_of", recorded=True)
    with closing(Journal(folder)) as journal:
        (pending,) = journal.outbox()
        assert pending.notification == signed("02"), "what is pending is sent"
    (found,) = doctor.examine_journal(folder)
    assert found.problem
    assert found.problem.message == f"The journal in {folder} is damaged."
    with pytest.raises(StorageFailed, match="is damaged"):
        Journal(folder)


def test_damage_by_a_program_is_found_when_it_is_opened(folder: Path) -> None:
    damage(folder, "part_of", recorded=False)
    with pytest.raises(StorageFailed, match="is damaged"):
        Journal(folder)
