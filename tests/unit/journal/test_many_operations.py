"""What a journal reads and writes for one operation does not grow with those that are finished."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from lpa.errors import WireError
from lpa.journal import DELETING, Journal, Operation
from lpa.journal.database import Database, Statement
from tests.support.journals import EID, OTHER, PROFILE, signed

Act = Callable[[Journal, Operation], object]

_STEPS: dict[str, Act] = {
    "begin": lambda journal, _: journal.begin(EID, "delete", (PROFILE,)),
    "unfinished of a card": lambda journal, _: journal.unfinished(EID),
    "unfinished of all": lambda journal, _: journal.unfinished(),
    "outbox of a card": lambda journal, _: journal.outbox(EID),
    "outbox of all": lambda journal, _: journal.outbox(),
    "kept since": lambda journal, operation: journal.kept_since(operation),
    "of": lambda journal, operation: journal.of(operation),
    "entry": lambda journal, _: journal.entry(EID, signed()),
    "find": lambda journal, _: journal.find(signed()),
    "record": lambda journal, _: journal.record_of(EID, signed()),
    "newest": lambda journal, _: journal.newest(EID),
    "keep": lambda journal, operation: journal.keep(EID, signed("09"), operation=operation),
    "keep of a new card": lambda journal, _: journal.keep(OTHER, signed("09")),
    "failed": lambda journal, _: journal.failed(EID, signed(), WireError("no network")),
    "sent": lambda journal, _: journal.sent(EID, signed(), {}),
    "removed": lambda journal, _: journal.removed(EID, signed()),
    "abandon": lambda journal, _: journal.abandon(EID, signed()),
    "requeue": lambda journal, _: journal.requeue(signed()),
    "state": lambda _, operation: operation.set_state(DELETING),
    "complete": lambda _, operation: operation.complete(),
}


@pytest.mark.parametrize("name", _STEPS)
def test_no_step_reads_all_rows_of_a_table_or_of_a_card(name: str, tmp_path: Path) -> None:
    statements: list[str] = []
    with closing(Journal(tmp_path)) as journal, journal.operation(EID, "delete", (PROFILE,)) as operation:
        journal.keep(EID, signed(), operation=operation)
        connection = journal._database.connection
        connection.set_trace_callback(statements.append)
        _STEPS[name](journal, operation)
        connection.set_trace_callback(None)
        asked = [one for one in statements if one.split()[0] in ("SELECT", "INSERT", "UPDATE")]
        assert asked
        for statement in asked:
            for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}"):
                assert not _reads_all(step), f"{step}: {statement}"


def _reads_all(step: str) -> bool:
    """Whether a step of SQLite's plan reads each row, of all cards or of one.

    The indexes `outbox` and `not_closed` only have what is pending.
    """
    if step.startswith("SCAN") and "CONSTANT ROW" not in step:
        return "INDEX outbox" not in step and "INDEX not_closed" not in step
    if step == "SEARCH operation":  # the highest number of a card, from the end
        return True
    return step.endswith(("INDEX collected (eid=?)", "sqlite_autoindex_notification_1 (eid=?)")) and (
        "COVERING" not in step
    )


@pytest.fixture
def levels(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The `PRAGMA synchronous` of each transaction from now on: 1 is NORMAL, 2 is FULL."""
    seen: list[int] = []
    write = Database._write

    def noted(self: Database, statements: tuple[Statement, ...]) -> int:
        (level,) = self.connection.execute("PRAGMA synchronous").fetchone()
        seen.append(level)
        return write(self, statements)

    monkeypatch.setattr(Database, "_write", noted)
    return seen


_SOFT = {"begin", "failed", "removed", "complete"}
_WRITING = ("begin", "keep", "failed", "sent", "removed", "abandon", "requeue", "state", "complete")


@pytest.mark.parametrize("name", _WRITING)
def test_only_what_recovery_finds_out_again_is_not_waited_for(
    name: str, tmp_path: Path, levels: list[int]
) -> None:
    with closing(Journal(tmp_path)) as journal, journal.operation(EID, "delete", (PROFILE,)) as operation:
        journal.keep(EID, signed(), operation=operation)
        levels.clear()
        _STEPS[name](journal, operation)
        assert levels == [1 if name in _SOFT else 2]


def test_the_newest_number_is_that_of_the_card(tmp_path: Path) -> None:
    with closing(Journal(tmp_path)) as journal:
        assert journal.newest(EID) is None
        journal.keep(EID, signed("07"), signed("05"))
        journal.keep(OTHER, signed("09"))
        journal.keep(None, signed("0A"))
        assert journal.newest(EID) == 7
