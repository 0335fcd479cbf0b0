"""The last lines of a command about notifications: true for what is kept, what is not, and what is lost."""

from __future__ import annotations

from dataclasses import replace

from lpa.cli.views.deliveries import closing_lines
from lpa.errors import BadAnswer
from lpa.notifications.delivery import Delivery
from lpa.rsp.names import Iccid

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
