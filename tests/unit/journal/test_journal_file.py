"""The journal's file is private, survives a power cut, and is refused if it is damaged."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpa.errors import StorageFailed
from lpa.journal import DELETED, DELETING, Journal, tables
from tests.support.journals import EID, PROFILE, child, signed
from tests.support.unprivileged import unprivileged


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "state")) as journal:
        yield journal


def test_only_the_user_can_read_the_journal(journal: Journal, tmp_path: Path) -> None:
    with journal.operation(EID, "delete", ()):
        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "state").iterdir()}
    assert modes.pop("journal.db") == 0o600
    assert set(modes.values()) == {0o600}
    assert not any(str(EID) in name for name in modes)
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_a_power_cut_loses_nothing_that_was_written(journal: Journal) -> None:
    database = journal._database.connection
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert database.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_opening_a_journal_writes_nothing(tmp_path: Path) -> None:
    Journal(tmp_path).close()
    with closing(Journal(tmp_path)) as journal:
        assert journal.unfinished() == ()
        assert (tmp_path / "journal.db-wal").stat().st_size == 0


def test_an_empty_database_becomes_a_journal(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "journal.db").close()
    with closing(Journal(tmp_path)) as journal:
        assert journal._read("PRAGMA user_version", ()) == [(tables.VERSION,)]
        assert journal.unfinished() == ()


def test_if_one_table_cannot_be_made_none_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(tables, "TABLES", tables.TABLES + "CREATE TABLE half (a); CREATE TABLE half (a)")
        with pytest.raises(StorageFailed, match="half already exists"):
            Journal(tmp_path)
    with closing(Journal(tmp_path)) as journal:
        assert journal._read("SELECT name FROM sqlite_master WHERE name = 'half'", ()) == []


def test_a_journal_of_a_later_version_is_refused_and_not_changed(tmp_path: Path) -> None:
    Journal(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "journal.db")) as database:
        database.execute(f"PRAGMA user_version = {tables.VERSION + 1}")
    before = (tmp_path / "journal.db").read_bytes()
    with pytest.raises(StorageFailed, match="later version") as caught:
        Journal(tmp_path)
    assert "--state-dir" in caught.value.advice
    assert (tmp_path / "journal.db").read_bytes() == before


def test_a_truncated_journal_is_refused_if_anything_is_missing(tmp_path: Path) -> None:
    with closing(Journal(tmp_path)) as journal:
        with journal.operation(EID, "delete", (PROFILE,) * 40):
            for number in range(120):
                journal.keep(EID, signed(f"{number:02X}"))
        content = _content(journal)
    whole = (tmp_path / "journal.db").read_bytes()
    refused = 0
    for length in range(16, len(whole), 256):
        (tmp_path / "journal.db").write_bytes(whole[:length])
        try:
            journal = Journal(tmp_path)
        except StorageFailed:
            refused += 1
            continue
        with closing(journal):
            assert _content(journal) == content
    assert refused > len(whole) // 256 - 32


def _content(journal: Journal) -> list[object]:
    return [
        *journal.outbox(),
        *((one.number, one.function, one.before, one.state) for one in journal.unfinished()),
    ]


def test_a_journal_with_a_damaged_index_is_refused(tmp_path: Path) -> None:
    """The table still has the notification, but the index by which it is found has not."""
    with closing(Journal(tmp_path)) as journal:
        journal.keep(EID, signed())
    file = tmp_path / "journal.db"
    with closing(sqlite3.connect(file)) as database:
        (page,) = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'outbox'").fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(file.read_bytes())
    data[(page - 1) * size + 3 : (page - 1) * size + 5] = bytes(2)  # how many entries there are
    file.write_bytes(data)
    with pytest.raises(StorageFailed, match=r"journal in .* is damaged\.$") as refused:
        Journal(tmp_path)
    assert "Move the damaged journal.db away" in refused.value.advice


def test_a_process_waits_while_another_makes_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        other.close()

    monkeypatch.setattr("lpa.journal.database.time.sleep", wait)
    with closing(Journal(tmp_path)) as journal:
        assert journal.unfinished() == ()
    assert waits == [0.02]


# SQLite takes a file of one byte for an empty one, so garbage begins with two.
@given(garbage=st.binary(min_size=2, max_size=300))
def test_garbage_is_refused_and_not_changed(garbage: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        path.write_bytes(garbage)
        with pytest.raises(StorageFailed) as caught:
            Journal(Path(folder))
        assert "receipts stay" in caught.value.advice
        assert "'lpa notifications send FOLDER' sends those in FOLDER again" in caught.value.advice
        assert path.read_bytes() == garbage


def test_a_full_disk_is_reported_before_the_step_and_keeps_the_last_state(tmp_path: Path) -> None:
    def write_until_full() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        with closing(Journal(tmp_path)) as mine:
            with mine.operation(EID, "delete", (PROFILE,)) as operation:
                operation.set_state(DELETING)
            size = (tmp_path / "journal.db-wal").stat().st_size
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
            with pytest.raises(StorageFailed, match="cannot be used") as caught:
                operation.set_state(DELETED)
            assert operation.state == DELETING
            assert "has free space" in caught.value.advice

    with child(write_until_full) as writer:
        assert writer.result() == 0
    with closing(Journal(tmp_path)) as journal:
        assert [left.state for left in journal.unfinished(EID)] == [DELETING]


@pytest.mark.parametrize("existing", [True, False])
def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path, existing: bool) -> None:
    if existing:
        Journal(tmp_path).close()
        (tmp_path / "journal.db").chmod(0o444)
    tmp_path.chmod(0o500)
    with unprivileged(), pytest.raises(StorageFailed, match="cannot be used") as caught:
        Journal(tmp_path)
    assert "[Errno" not in caught.value.message
    assert caught.value.advice.startswith("Make the folder writable for you alone")
    tmp_path.chmod(0o700)


def test_a_folder_that_is_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(StorageFailed):
        Journal(tmp_path / "state")


def test_an_emptied_journal_beside_receipts_is_refused(tmp_path: Path) -> None:
    Journal(tmp_path).close()
    os.truncate(tmp_path / "journal.db", 0)
    Journal(tmp_path).close()  # Without receipts, nothing is lost.
    os.truncate(tmp_path / "journal.db", 0)
    (tmp_path / "receipts" / str(EID)).mkdir(parents=True)
    (tmp_path / "receipts" / str(EID) / "000001-delete.der").write_bytes(b"")
    with pytest.raises(StorageFailed, match="it is empty") as caught:
        Journal(tmp_path)
    assert "lpa notifications send FOLDER" in caught.value.advice
    (tmp_path / "journal.db").rename(tmp_path / "away")
    Journal(tmp_path).close()
