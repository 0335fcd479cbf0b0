"""The journal knows durably what is sent, and removed from the card, only when somebody asks for it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from lpa.journal import Journal
from lpa.rsp.deliver import CHOICES
from tests.support.journals import EID, PROFILE, everything, signed


def test_the_wish_of_an_operation_is_known_after_a_crash(tmp_path: Path) -> None:
    with closing(Journal(tmp_path)) as journal:
        for deliver in CHOICES:
            journal.begin(EID, "delete", (PROFILE,), deliver=deliver)
    with closing(Journal(tmp_path)) as journal:
        assert [operation.deliver for operation in journal.unfinished()] == ["now", "later", "never"]


def test_a_held_notification_is_pending_and_held_until_it_is_acknowledged(tmp_path: Path) -> None:
    with closing(Journal(tmp_path)) as journal:
        journal.keep(EID, signed(), held=True)
    with closing(Journal(tmp_path)) as journal:
        (entry,) = journal.outbox(EID)
        assert (entry.held, entry.sent) == (True, None)
        journal.sent(EID, signed(), {})
        (entry,) = journal.outbox(EID)
        assert not entry.held, "it may be removed from the card"


def test_one_that_is_to_stay_on_the_card_is_held_after_the_acknowledgement(tmp_path: Path) -> None:
    with closing(Journal(tmp_path)) as journal:
        journal.keep(EID, signed())
        journal.sent(EID, signed(), {}, held=True)
        (entry,) = journal.outbox(EID)
        assert entry.held
        journal.removed(EID, signed())
        assert journal.outbox(EID) == ()


def test_keeping_one_again_holds_it_but_never_releases_it(tmp_path: Path) -> None:
    with closing(Journal(tmp_path)) as journal:
        operation = journal.begin(EID, "delete", (PROFILE,))
        journal.keep(EID, signed(), operation=operation)
        journal.keep(EID, signed(), operation=operation, held=True)
        journal.keep(EID, signed())
        (entry,) = journal.of(operation)
        assert entry.held


def test_what_is_acknowledged_is_not_held_when_it_is_kept_again(tmp_path: Path) -> None:
    with closing(Journal(tmp_path)) as journal:
        journal.keep(EID, signed())
        journal.sent(EID, signed(), {})
        journal.keep(EID, signed(), held=True)
        (entry,) = everything(journal, EID)
        assert not entry.held
