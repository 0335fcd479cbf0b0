"""A journal that an earlier version wrote is read by this one, and nothing in it is lost."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from lpa.journal import DELETED, DELETING, DISABLED, DISABLING, ENABLING, Journal, migrations
from lpa.rsp.pki.key_identifier import KeyIdentifier
from tests.support.journals import EID, OTHER, PROFILE, signed

# A journal as the first version made it, with a deletion whose notification waits, and others in each state.
FIRST_VERSION = """
PRAGMA journal_mode = WAL;
CREATE TABLE operation (
    id INTEGER PRIMARY KEY, eid TEXT NOT NULL, function TEXT NOT NULL, before TEXT NOT NULL,
    state TEXT NOT NULL, outcome TEXT NOT NULL DEFAULT '', begun REAL NOT NULL, changed REAL NOT NULL,
    reason TEXT NOT NULL, pid INTEGER NOT NULL, command TEXT NOT NULL
);
CREATE INDEX unfinished ON operation (eid) WHERE state != 'CLOSED';
CREATE TABLE notification (
    eid TEXT NOT NULL, sequence INTEGER NOT NULL, signed BLOB NOT NULL, kept REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, next_try REAL NOT NULL DEFAULT 0,
    problem TEXT NOT NULL DEFAULT '', sent REAL, evidence TEXT NOT NULL DEFAULT '{}', cleared REAL,
    PRIMARY KEY (eid, sequence, signed)
);
CREATE TABLE protection (iccid TEXT PRIMARY KEY);
INSERT INTO operation VALUES (1,
    '89049032123451234512345678901235', 'delete', '[]', 'DELETING', '', 1000.0, 1001.0, 'moved', 7, 'lpa');
INSERT INTO operation VALUES (2,
    '89999999000000000000000000000112', 'enable', '[]', 'SWITCHING', '', 1003.0, 1003.0, '', 7, 'lpa');
INSERT INTO operation VALUES (3,
    '89999999000000000000000000000112', 'disable', '[]', 'SWITCHING', '', 1004.0, 1004.0, '', 7, 'lpa');
INSERT INTO operation VALUES (4,
    '89999999000000000000000000000112', 'disable', '[]', 'CHANGED', '', 1005.0, 1005.0, '', 7, 'lpa');
INSERT INTO operation VALUES (5,
    '89999999000000000000000000000112', 'reset', '[]', 'CHANGED', '', 1006.0, 1006.0, '', 7, 'lpa');
INSERT INTO operation VALUES (6,
    '89999999000000000000000000000112', 'delete', '[]', 'CLOSED', '', 1007.0, 1007.0, '', 7, 'lpa');
INSERT INTO notification VALUES ('89049032123451234512345678901235', 7,
    x'3024BF2F18800107810204100C03612E625A0A989898989898989898985F3702010230003000',
    1002.0, 3, 2000.0, 'no network', NULL, '{}', NULL);
INSERT INTO notification VALUES ('89049032123451234512345678901235', 6,
    x'3024BF2F18800106810204100C03612E625A0A989898989898989898985F3702010230003000',
    999.0, 0, 0.0, '', 999.5, '{}', 999.6);
INSERT INTO protection VALUES ('8944994000000000017');
PRAGMA user_version = 1;
"""


def test_a_journal_of_the_first_version_is_read_and_goes_on(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "journal.db")) as database:
        database.executescript(FIRST_VERSION)
    with closing(Journal(tmp_path)) as journal:
        (operation,) = journal.unfinished(EID)
        assert (operation.function, operation.state, operation.begun) == ("delete", DELETING, 1000.0)
        assert (operation.target, operation.memory_before) == (None, None)
        assert [(left.function, left.state) for left in journal.unfinished(OTHER)] == [
            ("enable", ENABLING),
            ("disable", DISABLING),
            ("disable", DISABLED),
            ("reset", DELETED),
        ]
        assert journal._read("SELECT id FROM operation WHERE settled", ()) == [(6,)]
        (entry,) = journal.outbox()
        assert (entry.notification, entry.attempts, entry.problem) == (signed(), 3, "no network")
        assert journal.kept_since(operation) == (entry,)  # The other one is of before.
        assert journal.protects(PROFILE.iccid)
        assert journal.story_of(EID, signed()) is None
        journal.keep(EID, signed(), operation=operation)
        story = journal.story_of(EID, signed())
        assert story
        assert (story.reason, story.memory_before, story.entry.kept) == ("moved", None, 1002.0)


def test_whom_cards_believed_goes_to_their_notifications(tmp_path: Path) -> None:
    """Up to the fifth version a card had one list, whatever it said when a notification was signed."""
    with closing(sqlite3.connect(tmp_path / "journal.db")) as database:
        for migration in migrations.MIGRATIONS[:5]:
            database.executescript(migration)
        database.executescript("PRAGMA user_version = 5; PRAGMA journal_mode = WAL;")
        for eid in (EID, OTHER):
            told = "INSERT INTO notification (eid, sequence, signed, kept) VALUES (?, 7, ?, 1.0)"
            database.execute(told, (str(eid), bytes(signed().raw)))
        database.execute("INSERT INTO card_issuers VALUES (?, ?)", (str(EID), f"{'01' * 20} {'02' * 20}"))
        database.commit()
    with closing(Journal(tmp_path)) as journal:
        assert [(entry.eid, entry.believed) for entry in journal.outbox()] == [
            (EID, (KeyIdentifier(b"\1" * 20), KeyIdentifier(b"\2" * 20))),
            (OTHER, None),
        ]
