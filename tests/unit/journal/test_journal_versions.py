"""A journal of another version is refused and not changed; its receipts can still be sent."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lpa.errors import StorageFailed
from lpa.journal import Journal, tables
from lpa.notifications import from_files
from lpa.notifications.receipts import Receipts
from lpa.notifications.send_queue import SendQueue
from lpa.rsp.names import ServerAddress
from tests.support.journals import EID, signed

# The tables before version 1, with a notification that no server acknowledged.
BEFORE_THE_FIRST_RELEASE = """
PRAGMA journal_mode = WAL;
CREATE TABLE operation (id INTEGER PRIMARY KEY, eid TEXT NOT NULL, state TEXT NOT NULL);
CREATE TABLE notification (eid TEXT NOT NULL, sequence INTEGER NOT NULL, signed BLOB NOT NULL, sent REAL);
INSERT INTO notification VALUES ('89049032123451234512345678901235', 7,
    x'3024BF2F18800107810204100C03612E625A0A989898989898989898985F3702010230003000', NULL);
"""


class Acknowledging:
    """Servers that acknowledge whatever they receive."""

    def __init__(self) -> None:
        self.received: list[bytes] = []

    def __call__(self, _address: ServerAddress, /, *, ci_pkids: object) -> Acknowledging:
        return self

    def handle_notification(self, pending: bytes) -> dict[str, str]:
        self.received.append(bytes(pending))
        return {}

    def handshake(self) -> None: ...


@pytest.fixture(params=[1, 8], ids=["the first version", "the last version"])
def old_journal(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with a journal from before the first release, and its receipt."""
    with closing(sqlite3.connect(tmp_path / "journal.db")) as database:
        database.executescript(BEFORE_THE_FIRST_RELEASE + f"PRAGMA user_version = {request.param};")
    Receipts(tmp_path / "receipts").keep(EID, signed())
    return tmp_path


def test_a_journal_from_before_the_first_release_is_refused_and_not_changed(old_journal: Path) -> None:
    before = (old_journal / "journal.db").read_bytes()
    with pytest.raises(StorageFailed, match="was written before the first release of lpa") as refused:
        Journal(old_journal)
    assert "'lpa notifications send FOLDER'" in refused.value.advice
    assert (old_journal / "journal.db").read_bytes() == before


def test_the_receipts_beside_it_can_be_sent_when_it_is_moved_away(old_journal: Path) -> None:
    (old_journal / "journal.db").rename(old_journal / "journal.old")
    servers = Acknowledging()
    found, unusable = from_files.read([old_journal / "receipts"])
    with closing(Journal(old_journal)) as journal:
        queue = SendQueue(journal, servers)
        (delivery,) = from_files.send_files(queue, Receipts(old_journal / "receipts"), found)
    assert (unusable, delivery.acknowledged) == ([], True)
    assert servers.received == [bytes(signed().raw)]


def test_a_new_journal_has_the_application_id_and_version(tmp_path: Path) -> None:
    Journal(tmp_path).close()
    header = (tmp_path / "journal.db").read_bytes()[:100]
    assert header[68:72] == b"lpa1"  # application_id: SQLite's file format §1.3.17
    assert int.from_bytes(header[60:64], "big") == tables.VERSION == 1


@pytest.mark.parametrize(
    "content",
    ["CREATE TABLE operation (x);", "PRAGMA application_id = 77; PRAGMA user_version = 1;"],
    ids=["tables", "application id"],
)
def test_a_database_of_another_program_is_refused_and_not_changed(content: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "journal.db")) as database:
        database.executescript("PRAGMA journal_mode = WAL; " + content)
    before = (tmp_path / "journal.db").read_bytes()
    with pytest.raises(StorageFailed, match="is not a journal of lpa"):
        Journal(tmp_path)
    assert (tmp_path / "journal.db").read_bytes() == before
