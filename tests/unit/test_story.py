"""What is noted about the operation that a receipt tells of, and that it survives."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.errors import StorageFailed
from lpa.journal import DELETING, PROOF_KEPT, Journal
from lpa.sim.card import SimulatedEuicc
from tests.unit.journals import EID, PROFILE, Clock, signed

# A journal as the first version made it, with a deletion that waits for its server.
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
INSERT INTO notification VALUES ('89049032123451234512345678901235', 7,
    x'3024BF2F18800107810204100C03612E625A0A989898989898989898985F3702010230003000',
    1002.0, 3, 2000.0, 'no network', NULL, '{}', NULL);
INSERT INTO protection VALUES ('8944994000000000017');
PRAGMA user_version = 1;
"""


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "state", clock=Clock())) as journal:
        yield journal


def test_a_receipt_has_the_story_of_its_operation(journal: Journal) -> None:
    journal.keep(EID, signed("01"))
    with journal.operation(EID, "delete", (), "left the operator", 400_000) as operation:
        journal.keep(EID, signed("02"), signed("03"), operation=operation)
        operation.memory_after = 450_000
        operation.enter(PROOF_KEPT)
    journal.sent(EID, signed("03"), {"address": "smdp.example"})
    story = journal.story_of(EID, signed("03"))
    assert story
    assert (story.function, story.reason, story.begun) == ("delete", "left the operator", 1_000_000.0)
    assert (story.memory_before, story.memory_after, story.state) == (400_000, 450_000, PROOF_KEPT)
    assert story.entry.evidence == {"address": "smdp.example"}
    assert story.entry.notification == signed("03")
    assert journal.story_of(EID, signed("01")) is None
    assert journal.story_of(EID, signed("04")) is None


def test_a_notification_that_was_kept_before_it_was_known_whose_it_is_is_told_later(journal: Journal) -> None:
    journal.keep(EID, signed())
    for function in ("disable", "enable"):
        with journal.operation(EID, function, ()) as operation:
            journal.keep(EID, signed(), operation=operation)
    story = journal.story_of(EID, signed())
    assert story
    assert story.function == "disable"


def test_of_several_either_all_are_kept_or_none(journal: Journal) -> None:
    journal._database.connection.execute(
        "CREATE TRIGGER full BEFORE INSERT ON notification WHEN new.sequence = 2"
        " BEGIN SELECT raise(ABORT, 'database or disk is full'); END"
    )
    with pytest.raises(StorageFailed, match="is full"):
        journal.keep(EID, signed("01"), signed("02"))
    assert journal.outbox() == ()


def test_a_deletion_leaves_its_story_with_each_of_its_receipts(
    assistant: Assistant, euicc: SimulatedEuicc, journal: Journal
) -> None:
    plan = assistant.review_deletion(assistant.plan_deletion(euicc.profiles[1].iccid))
    outcome = assistant.delete(plan, "left the operator")
    (receipt,) = assistant.receipts.of(assistant.eid)
    story = journal.story_of(assistant.eid, receipt.notification)
    assert story
    assert (story.function, story.reason) == ("delete", "left the operator")
    assert story.memory_before == plan.free_memory
    assert (
        story.memory_after == outcome.memory_after == assistant.euicc.euicc_info2().resource.free_non_volatile
    )
    assert story.memory_before
    assert story.memory_after
    assert story.memory_after > story.memory_before


def test_without_a_closer_look_the_memory_is_not_asked_for(
    assistant: Assistant, euicc: SimulatedEuicc, journal: Journal
) -> None:
    outcome = assistant.delete(assistant.plan_deletion(euicc.profiles[1].iccid))
    (receipt,) = assistant.receipts.of(assistant.eid)
    story = journal.story_of(assistant.eid, receipt.notification)
    assert story
    assert (story.memory_before, story.memory_after, outcome.memory_after) == (None, None, None)


def test_a_journal_of_the_first_version_is_read_and_goes_on(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "journal.db")) as database:
        database.executescript(FIRST_VERSION)
    with closing(Journal(tmp_path)) as journal:
        (operation,) = journal.unfinished()
        assert (operation.function, operation.state, operation.begun) == ("delete", DELETING, 1000.0)
        (entry,) = journal.outbox()
        assert (entry.notification, entry.attempts, entry.problem) == (signed(), 3, "no network")
        assert journal.protects(PROFILE.iccid)
        assert journal.story_of(EID, signed()) is None
        journal.keep(EID, signed(), operation=operation)
        story = journal.story_of(EID, signed())
        assert story
        assert (story.reason, story.memory_before, story.entry.kept) == ("moved", None, 1002.0)
