"""The journal keeps operations and notifications; one process at a time works with a card."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from lpa.errors import (
    BadAnswer,
    CardBusy,
    CardRemoved,
    ConnectFailed,
    EuiccRefused,
    LpaError,
    OutcomeUnknown,
    StorageFailed,
)
from lpa.host.locks import Locks
from lpa.journal import CLOSED, DELETED, DELETING, PLANNED, UNKNOWN, Journal
from lpa.rsp.pki.key_identifier import KeyIdentifier
from tests.support.journals import EID, OTHER, PROFILE, Child, Clock, child, ready, signed

REFUSED = EuiccRefused("DeleteProfile", "disallowedByPolicy", 3, "no")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "state", clock=clock)) as journal:
        yield journal


# Operations


def test_each_state_of_an_operation_is_on_the_disk(journal: Journal, tmp_path: Path) -> None:
    with journal.operation(EID, "delete", (PROFILE,)) as operation:
        for state in (PLANNED, DELETING, DELETED):
            if state != PLANNED:
                operation.set_state(state)
            with closing(Journal(tmp_path / "state")) as another:
                (found,) = another.unfinished(EID)
            assert (found.state, found.function, found.eid) == (state, "delete", EID)
            assert found.before == (PROFILE,)
            assert found.begun == 1_000_000.0
        operation.set_state(CLOSED)
    assert journal.unfinished() == ()


@pytest.mark.parametrize(
    ("raised", "state"),
    [
        (REFUSED, None),
        (CardRemoved("removed before anything was sent"), None),
        (OutcomeUnknown("no answer"), UNKNOWN),
        (BadAnswer("nonsense"), DELETING),
        (StorageFailed("full"), DELETING),
        (KeyboardInterrupt(), DELETING),
    ],
)
def test_the_error_that_ends_an_operation_decides_whether_it_is_unfinished(
    raised: BaseException, state: str | None, journal: Journal
) -> None:
    with pytest.raises(type(raised)):
        _end_deletion(journal, raised)
    assert [left.state for left in journal.unfinished(EID)] == ([state] if state else [])


@pytest.mark.parametrize("raised", [OutcomeUnknown("no answer"), REFUSED])
def test_an_error_of_the_card_is_raised_also_if_the_disk_is_full(raised: LpaError, journal: Journal) -> None:
    with pytest.raises(type(raised)):
        _end_deletion(journal, raised, meanwhile=lambda: _fill(journal))
    assert [left.state for left in journal.unfinished(EID)] == [DELETING]


def _end_deletion(
    journal: Journal, raised: BaseException, meanwhile: Callable[[], None] = lambda: None
) -> None:
    with journal.operation(EID, "delete", (PROFILE,)) as operation:
        operation.set_state(DELETING)
        meanwhile()
        raise raised


def _fill(journal: Journal) -> None:
    """Make SQLite refuse every write from now on."""
    journal._database.connection.execute("PRAGMA query_only = ON")


def test_unfinished_operations_are_returned_by_card_and_in_order(journal: Journal) -> None:
    for eid, function in ((EID, "disable"), (OTHER, "enable"), (EID, "delete")):
        with journal.operation(eid, function, ()):
            pass
    assert [left.function for left in journal.unfinished(EID)] == ["disable", "delete"]
    assert [left.function for left in journal.unfinished()] == ["disable", "enable", "delete"]


# One at a time


def test_a_second_operation_on_a_card_is_refused_and_one_on_another_card_is_not(
    journal: Journal, tmp_path: Path
) -> None:
    with closing(Journal(tmp_path / "state")) as another, journal.operation(EID, "delete", ()):
        with pytest.raises(CardBusy), another.operation(EID, "enable", ()):
            pass
        with another.operation(OTHER, "enable", ()):
            pass
    assert [left.function for left in journal.unfinished()] == ["delete", "enable"]


def test_the_process_that_works_with_the_card_is_named(journal: Journal, tmp_path: Path) -> None:
    def hold() -> None:
        locks = Locks(tmp_path / "state", command="lpa notifications send")
        with closing(Journal(tmp_path / "state", locks=locks)) as mine, mine.lock(EID):
            ready()

    with journal.operation(EID, "disable", ()):
        """An earlier operation, which has ended."""
    with child(hold) as holder:
        holder.wait_until_ready()
        with (
            pytest.raises(CardBusy, match=rf"'lpa notifications send' \(process {holder.pid}\)"),
            journal.lock(EID),
        ):
            pass


def test_a_killed_process_releases_its_lock_and_leaves_its_operation_unfinished(
    journal: Journal, tmp_path: Path
) -> None:
    def hold() -> None:
        with (
            closing(Journal(tmp_path / "state")) as mine,
            mine.operation(EID, "delete", (PROFILE,)) as operation,
        ):
            operation.set_state(DELETING)
            ready()

    with child(hold) as holder:
        holder.wait_until_ready()
        with pytest.raises(CardBusy), journal.lock(EID):
            pass
        holder.kill()
    with journal.lock(EID):
        (left,) = journal.unfinished(EID)
    assert (left.state, left.before) == (DELETING, (PROFILE,))


def test_a_refused_lock_in_the_same_process_does_not_release_the_one_that_is_held(
    journal: Journal, tmp_path: Path
) -> None:
    """Closing any handle of a file ends all POSIX locks that the process has on it."""
    other_process = f"""
from pathlib import Path
from lpa.journal import Journal
from lpa.rsp.names import Eid
with Journal(Path({str(tmp_path / "state")!r})).lock(Eid.parse("{EID}")):
    pass
"""
    with closing(Journal(tmp_path / "state")) as another, journal.lock(EID):
        with pytest.raises(CardBusy), another.lock(EID):
            pass
        # Not forked: SQLite would inherit its record of what this process holds.
        ended = subprocess.run(
            [sys.executable, "-c", other_process], stderr=subprocess.PIPE, text=True, check=False
        )
    assert "CardBusy" in ended.stderr


def test_processes_that_open_a_new_journal_together_all_succeed(tmp_path: Path) -> None:
    def open_it() -> None:
        with closing(Journal(tmp_path / "state")) as mine:
            mine.keep(EID, signed(f"{os.getpid() % 80:02}"))

    for _ in range(10):
        processes = [Child(open_it) for _ in range(4)]
        assert [process.result() for process in processes] == [0] * 4
        shutil.rmtree(tmp_path / "state")


# The outbox


def test_a_notification_is_kept_once_byte_for_byte(journal: Journal, clock: Clock) -> None:
    journal.keep(EID, signed())
    clock.now += 5
    journal.keep(EID, signed())
    (entry,) = journal.outbox(EID)
    assert entry.notification.raw == bytes.fromhex(
        "30 24 BF2F18 800107 81020410 0C03612E62 5A0A98989898989898989898 5F37020102 3000 3000"
    )
    assert (entry.eid, entry.kept, entry.sent, entry.removed) == (EID, 1_000_000.0, None, None)


def test_the_same_number_with_another_signature_is_another_notification(journal: Journal) -> None:
    journal.keep(EID, signed(signature="0102"))
    journal.keep(EID, signed(signature="0103"))
    journal.keep(OTHER, signed(signature="0102"))
    assert len(journal.outbox(EID)) == 2
    assert len(journal.outbox()) == 3


def test_a_notification_is_finished_when_it_is_acknowledged_and_removed(
    journal: Journal, clock: Clock
) -> None:
    journal.keep(EID, signed())
    clock.now += 1
    journal.sent(EID, signed(), {"address": "smdp.example"})
    (entry,) = journal.outbox(EID)
    assert (entry.sent, entry.evidence) == (1_000_001.0, {"address": "smdp.example"})
    clock.now += 1
    journal.removed(EID, signed())
    assert journal.outbox(EID) == ()
    finished = journal.entry(EID, signed())
    assert finished
    assert finished.removed == 1_000_002.0


def test_one_that_is_no_longer_on_the_card_is_pending_until_it_is_acknowledged(journal: Journal) -> None:
    journal.keep(EID, signed())
    journal.removed(EID, signed())
    assert len(journal.outbox(EID)) == 1


def test_an_abandoned_notification_is_not_in_the_outbox(journal: Journal) -> None:
    journal.keep(EID, signed("01"))
    journal.keep(EID, signed("02"))
    journal.abandon(EID, signed("01"))
    assert [entry.notification for entry in journal.outbox(EID)] == [signed("02")]
    abandoned = journal.entry(EID, signed("01"))
    assert abandoned
    assert (abandoned.abandoned, abandoned.sent) == (1_000_000.0, None)


def test_an_abandoned_notification_is_found_by_its_content(journal: Journal) -> None:
    """Some cards sign the same notification again each time they are asked."""
    journal.keep(EID, signed("01", signature="0102"))
    journal.abandon(EID, signed("01", signature="0103"))
    assert journal.outbox(EID) == ()


def test_an_acknowledged_notification_is_not_abandoned_but_removed(journal: Journal) -> None:
    journal.keep(EID, signed())
    journal.sent(EID, signed(), {"address": "smdp.example"})
    journal.abandon(EID, signed())
    entry = journal.entry(EID, signed())
    assert entry
    assert (entry.abandoned, entry.evidence) == (None, {"address": "smdp.example"})
    assert entry.removed
    assert journal.outbox(EID) == ()


def test_the_outbox_is_in_the_order_of_the_numbers(journal: Journal) -> None:
    for number in ("7F", "03", "10"):
        journal.keep(EID, signed(number))
    assert [entry.notification.metadata.sequence_number for entry in journal.outbox()] == [3, 16, 127]


def test_each_failed_attempt_doubles_the_wait_up_to_half_a_day(journal: Journal, clock: Clock) -> None:
    journal.keep(EID, signed())
    for attempt in range(1, 15):
        journal.failed(EID, signed(), ConnectFailed("no network"))
        (entry,) = journal.outbox(EID)
        wait = min(60 * 2 ** (attempt - 1), 12 * 3600)
        assert 0.9 * wait <= entry.next_try - clock.now <= 1.1 * wait
        assert (entry.attempts, entry.problem) == (attempt, "no network")
        clock.now = entry.next_try


def test_the_waits_differ_a_little(journal: Journal, clock: Clock) -> None:
    for number in range(32):
        journal.keep(EID, signed(f"{number:02X}"))
        journal.failed(EID, signed(f"{number:02X}"), ConnectFailed("no network"))
    assert len({entry.next_try for entry in journal.outbox()}) > 8


def test_an_acknowledgement_clears_the_problem(journal: Journal) -> None:
    journal.keep(EID, signed())
    journal.failed(EID, signed(), ConnectFailed("no network"))
    journal.sent(EID, signed(), {})
    (entry,) = journal.outbox()
    assert entry.problem == ""


def test_what_is_kept_during_an_operation_does_not_depend_on_the_clock(
    journal: Journal, clock: Clock
) -> None:
    clock.now += 1e9  # it is wrong now, and corrected afterwards
    with journal.operation(EID, "enable", ()):
        journal.keep(EID, signed("01"))
    clock.now -= 1e9
    with journal.operation(EID, "delete", ()) as operation:
        journal.keep(OTHER, signed("03"))
        journal.keep(EID, signed("02"))
        (found,) = journal.kept_since(operation)
    assert (found.notification, found.kept) == (signed("02"), clock.now)


def test_profiles_are_read_as_they_were_written(journal: Journal) -> None:
    bare = replace(PROFILE, nickname="", policy_rules=(), notifications=(), state="disabled")
    with journal.operation(EID, "reset", (PROFILE, bare)):
        pass
    (operation,) = journal.unfinished()
    assert operation.before == (PROFILE, bare)


def test_protection_lasts_until_it_is_lifted(journal: Journal, tmp_path: Path) -> None:
    journal.protect(PROFILE.iccid)
    journal.protect(PROFILE.iccid)
    with closing(Journal(tmp_path / "state")) as another:
        assert another.protects(PROFILE.iccid)
        another.unprotect(PROFILE.iccid)
    assert not journal.protects(PROFILE.iccid)


def test_the_ci_keys_of_a_card_are_kept_with_its_notification(journal: Journal, tmp_path: Path) -> None:
    first, second = KeyIdentifier(b"\1" * 20), KeyIdentifier(b"\2" * 20)
    journal.keep(EID, signed("07"), ci_pkids=[first, second])
    journal.keep(EID, signed("08"))  # the card did not list them
    journal.keep(EID, signed("09"), ci_pkids=[])  # the card trusts none
    with closing(Journal(tmp_path / "state")) as later:
        assert [entry.ci_pkids for entry in later.outbox(EID)] == [(first, second), None, ()]


def test_the_ci_keys_of_a_kept_notification_are_not_replaced(journal: Journal) -> None:
    """Otherwise another card with the same EID could replace those of earlier notifications."""
    first, other = KeyIdentifier(b"\1" * 20), KeyIdentifier(b"\2" * 20)
    journal.keep(EID, signed("07"), ci_pkids=[first])
    journal.keep(EID, signed("08"))
    journal.keep(EID, signed("07"), signed("08"), signed("09"), ci_pkids=[other])
    assert [entry.ci_pkids for entry in journal.outbox(EID)] == [(first,), None, (other,)]


def test_a_notification_from_a_file_belongs_to_a_card_once_it_gives_the_same_bytes(journal: Journal) -> None:
    listed = KeyIdentifier(b"\1" * 20)
    journal.keep(None, signed("07"))
    with journal.operation(EID, "delete", ()) as operation:
        assert journal.kept_since(operation) == ()
        journal.keep(EID, signed("07", signature="0909"), ci_pkids=[listed])
        assert journal.find(signed("07")) == journal.entry(None, signed("07"))
        journal.keep(EID, signed("07"), ci_pkids=[listed])
        found = journal.entry(EID, signed("07"))
        assert found in journal.kept_since(operation)
    assert found == journal.find(signed("07"))
    assert found
    assert found.ci_pkids == (listed,)
