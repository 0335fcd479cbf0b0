"""The deliveries of notifications that this computer does not have: unread, lost, or not collected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lpa.advice import joined
from lpa.advice.notifications import RESUME_LOOKS_AGAIN, SEND_KEEPS_AND_SENDS
from lpa.errors import BadAnswer, LpaError
from lpa.notifications import lost
from lpa.notifications.changes import ProfileChange
from lpa.notifications.collection import Unread
from lpa.notifications.delivery import Delivery

_SHOWN = 40  # bytes of what cannot be read


def unread(one: Unread) -> Delivery:
    """Of a notification that the card lists and does not give."""
    listed, problem = one
    return Delivery(listed.events, listed.address, listed.iccid, listed.sequence_number, problem=problem)


def unreadable(item: bytes) -> Delivery:
    """Of an item of the card's list that cannot be read."""
    problem = BadAnswer(f"The card lists a notification that cannot be read: {item[:_SHOWN].hex()}.")
    return Delivery((), "", None, problem=problem)


def missing(change: ProfileChange, address: str) -> Delivery:
    """Of a notification that the card has not signed, or no longer has."""
    problem = BadAnswer(_not_signed(address), advice=lost.advice(change.profile.iccid))
    return Delivery((change.event,), address, change.profile.iccid, problem=problem, lost=True)


def not_found(change: ProfileChange, address: str, unreadable_items: Iterable[bytes]) -> Delivery:
    """As `missing`, while it is not known yet that it is lost, because something on the card is unread."""
    items = [item[:_SHOWN].hex() for item in unreadable_items]
    text = _not_signed(address)
    if items:
        text = f"The card lists a notification that cannot be read ({items[0]}). It may be for {address}."
    problem = BadAnswer(text, advice=RESUME_LOOKS_AGAIN)
    return Delivery((change.event,), address, change.profile.iccid, problem=problem)


def not_collected(changes: Iterable[ProfileChange], problem: LpaError) -> Iterator[Delivery]:
    """Of all notifications of `changes`, because of `problem`; they are still on the card."""
    changes = tuple(changes)
    if changes:
        problem.add("The notification is still on the card.")
        problem.advice = joined(problem.advice, SEND_KEEPS_AND_SENDS)
    for change in changes:
        for address in change.addresses or ("",):
            yield Delivery((change.event,), address, change.profile.iccid, problem=problem)


def _not_signed(address: str) -> str:
    return f"The card has no signed notification for {address}, though the profile asks for one."
