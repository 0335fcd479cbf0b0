"""The last lines of a command about notifications: true for what is kept, what is not, and what is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from lpa.cli.views.deliveries import closing_lines
from lpa.errors import BadAnswer
from lpa.journal import Entry
from lpa.notifications.delivery import Delivery, PendingNotification
from lpa.rsp.names import Iccid
from tests.support.journals import EID, signed

ICCID = Iccid.parse("8949985000000000025")
DONE = Delivery(("delete",), "rsp.example", ICCID, 7, acknowledged=True, removed=True)
ON_CARD = Delivery(("delete",), "rsp.example", ICCID, 7, problem=BadAnswer("It cannot be read."))
UNREADABLE = Delivery((), "", None, problem=BadAnswer("It cannot be read."))
LOST = Delivery(("delete",), "two.example", ICCID, problem=BadAnswer("None is signed."), lost=True)


def closing(*deliveries: Delivery) -> list[str]:
    """Nothing is kept on this computer."""
    return [text for text, _ in closing_lines(deliveries, (), ())]


def test_all_were_acknowledged_if_none_is_pending_or_lost() -> None:
    assert closing(DONE) == ["All notifications were acknowledged."]
    assert closing() == []
    assert closing(DONE, LOST) == []


def test_what_is_only_on_the_card_is_pending_and_not_retried_by_itself() -> None:
    assert closing(ON_CARD) == ["1 notification is pending.", "'lpa notifications send' sends it now."]
    assert closing(ON_CARD, replace(ON_CARD, sequence_number=8)) == [
        "2 notifications are pending.",
        "'lpa notifications send' sends them now.",
    ]


def test_what_cannot_be_read_cannot_be_sent() -> None:
    assert closing(UNREADABLE) == ["1 notification is pending."]


def test_of_two_tries_the_last_counts() -> None:
    assert closing(ON_CARD, DONE) == ["All notifications were acknowledged."]


def kept(*next_tries: timedelta | None, attempts: int = 0) -> list[str]:
    """Nothing was tried; these are kept on this computer, with the times of their next tries."""
    now = datetime.now(UTC)
    pending = [
        PendingNotification(Entry(EID, signed(f"{number:02}"), 0.0, attempts), now + wait if wait else None)
        for number, wait in enumerate(next_tries)
    ]
    printed = [one.entry.notification.metadata for one in pending]
    return [text for text, _ in closing_lines((), pending, printed)]


DUE = timedelta(seconds=-1)


def test_what_is_due_is_said_to_be_due_and_sent_by_the_next_command() -> None:
    assert kept(DUE) == [
        "1 notification is pending; due now.",
        "'lpa notifications send' sends it now.",
        "It is also sent by the next command that goes online once it is due.",
    ]
    assert kept(DUE, DUE, attempts=1)[-1] == (
        "They are also retried by the next command that goes online once they are due."
    )


def test_what_is_not_sent_by_itself_is_never_said_to_be_retried() -> None:
    assert kept(None) == [
        "1 notification is pending.",
        "'lpa notifications send' sends it now.",
        "It is not sent without that.",
    ]
    assert kept(None, None)[-1] == "They are not sent without that."
    assert kept(None, DUE)[-2:] == [
        "1 of them is not sent without that.",
        "The other is also sent by the next command that goes online once it is due.",
    ]
    assert kept(None, None, DUE, DUE)[-2:] == [
        "2 of them are not sent without that.",
        "The others are also sent by the next command that goes online once they are due.",
    ]
