"""The results of sending notifications, as lines."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lpa.cli.views.times import time_until
from lpa.errors import Postponed

if TYPE_CHECKING:
    from lpa.cli.cells import Line
    from lpa.notifications.delivery import Delivery, PendingNotification
    from lpa.rsp.records import NotificationMetadata


def delivery_lines(delivery: Delivery) -> Iterator[Line]:
    """The result of sending one notification."""
    text, style = _state(delivery)
    yield f"  {text}", style
    if delivery.problem:
        if not delivery.lost:  # The state says it already.
            yield f"  {delivery.problem.message}", ""
        if not isinstance(delivery.problem, Postponed):  # The closing lines say when it is retried.
            yield f"  {delivery.problem.advice}", "dim"
    if delivery.receipt:
        yield f"  Receipt: {delivery.receipt.path}", "dim"


def with_heading(deliveries: Iterable[Delivery]) -> Iterator[Line]:
    """Deliveries that stand below no change, each with what it reports."""
    for delivery in deliveries:
        number = "" if delivery.sequence_number is None else f" {delivery.sequence_number}"
        event = delivery.event if delivery.events else "unknown event"
        yield f"Notification{number}: {event} of {delivery.iccid or 'an unknown profile'}", "bold"
        yield from delivery_lines(delivery)


def unacknowledged(deliveries: Iterable[Delivery]) -> list[Delivery]:
    """Those that no server acknowledged. Of several tries of one notification the last counts."""
    last = {delivery.metadata: delivery for delivery in deliveries}
    return [delivery for delivery in last.values() if not delivery.acknowledged]


def undelivered(deliveries: Iterable[Delivery]) -> list[Delivery]:
    """As `unacknowledged`, without those that were not sent because that was asked for."""
    return [delivery for delivery in unacknowledged(deliveries) if not delivery.withheld]


def lost_lines(deliveries: Iterable[Delivery]) -> Iterator[Line]:
    """How many of them are lost. What to do stands below each."""
    number = sum(delivery.lost for delivery in unacknowledged(deliveries))
    if number == 1:
        yield "1 notification is lost; 'lpa notifications list' lists it.", "yellow"
    elif number:
        yield f"{number} notifications are lost; 'lpa notifications list' lists them.", "yellow"


def closing_lines(
    deliveries: Iterable[Delivery],
    pending: Collection[PendingNotification],
    printed: Collection[NotificationMetadata],
) -> Iterator[Line]:
    """How many notifications are pending, when they are retried, how to send them; or that none is.

    `deliveries`: what the command tried to send. `pending`: all that is kept on this computer. `printed`:
    those that the command has already printed as pending.
    """
    deliveries = tuple(deliveries)
    left = unacknowledged(deliveries)
    kept = {one.entry.notification.metadata for one in pending}
    unkept = [delivery for delivery in left if not delivery.lost and delivery.metadata not in kept]
    number, earlier = len(pending) + len(unkept), len(kept - {*printed})
    if number:
        tries = [one.next_try for one in pending if one.next_try]
        next_try = min(tries, default=None)
        yield f"{_are_pending(number, earlier)}{_retried(next_try)}.", "yellow"
        it, it_is = ("it", "It is") if number == 1 else ("them", "They are")
        if earlier:
            yield f"'lpa notifications list' lists {it}; 'lpa notifications send' sends {it} now.", ""
        elif pending or any(delivery.sequence_number is not None for delivery in unkept):
            yield f"'lpa notifications send' sends {it} now.", ""
        yield from _by_themselves(pending, it_is)
    elif deliveries and not left:
        yield "All notifications were acknowledged.", "green"


def _by_themselves(pending: Collection[PendingNotification], it_is: str) -> Iterator[Line]:
    """What becomes of pending ones if nobody asks for it."""
    due = [one for one in pending if one.next_try]
    held = len(pending) - len(due)
    if held and due:
        yield f"{held} of them {'is' if held == 1 else 'are'} not sent without that.", ""
        it_is = "The other is" if len(due) == 1 else "The others are"
    elif held:
        yield f"{it_is} not sent without that.", ""
    if due:
        sent = "retried" if any(one.entry.attempts for one in due) else "sent"
        they_are = "it is" if len(due) == 1 else "they are"
        yield f"{it_is} also {sent} by the next command that goes online once {they_are} due.", ""


def _are_pending(number: int, earlier: int) -> str:
    """The beginning of a sentence. `earlier`: how many of them this command has not printed."""
    subject = "notification is" if number == 1 else "notifications are"
    if earlier == number:
        return f"{number} earlier {subject} pending"
    return f"{number} {subject} pending{', earlier ones included' if earlier else ''}"


def _retried(next_try: datetime | None) -> str:
    if next_try is None:
        return ""
    now = datetime.now(UTC)
    return f"; next try {time_until(next_try, now)}" if next_try > now else "; due now"


def _state(delivery: Delivery) -> Line:
    server, number = delivery.address or "The operator's server", delivery.sequence_number
    if delivery.removed:
        return f"{server} acknowledged; notification {number} removed from the card.", "green"
    if delivery.acknowledged:
        # Without a problem the card was not asked: another computer may have removed it since.
        still = "is still" if delivery.problem else "may still be"
        return f"{server} acknowledged; notification {number} {still} on the card.", "yellow"
    if delivery.lost:
        return f"{server} was not notified from here: no signed notification remains.", "yellow"
    return f"{server} has not acknowledged yet.", "yellow"
