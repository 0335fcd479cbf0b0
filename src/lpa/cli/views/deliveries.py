"""The results of sending notifications, as lines."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime

from lpa.cli.screen import Line
from lpa.cli.views.times import time_until
from lpa.notifications import lost
from lpa.notifications.delivery import Delivery


def delivery_lines(delivery: Delivery) -> Iterator[Line]:
    """The result of sending one notification."""
    text, style = _state(delivery)
    yield f"  {text}", style
    if delivery.problem:
        yield f"  {delivery.problem.message}", ""
        yield f"  {delivery.problem.advice}", "dim"
    if delivery.next_try:
        tries = f"{delivery.attempts} {'try' if delivery.attempts == 1 else 'tries'} so far"
        yield f"  {tries}; next try {time_until(delivery.next_try, datetime.now(UTC))}.", ""
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


def summary(deliveries: Iterable[Delivery]) -> Iterator[Line]:
    """Which servers have not acknowledged and what to do about it, or that all have."""
    deliveries = tuple(deliveries)
    yield from pending_summary(deliveries)
    yield from _lost([delivery for delivery in unacknowledged(deliveries) if delivery.lost])


def pending_summary(deliveries: Iterable[Delivery]) -> Iterator[Line]:
    """As `summary`, without what is lost."""
    deliveries = tuple(deliveries)
    left = unacknowledged(deliveries)
    if deliveries and not left:
        yield "All notifications were acknowledged.", "green"
    yield from _pending([delivery for delivery in left if not delivery.lost])


def _pending(deliveries: Collection[Delivery]) -> Iterator[Line]:
    if deliveries:
        yield f"Not acknowledged yet: {_servers(deliveries)}.", "yellow"
    if any(delivery.sequence_number is not None for delivery in deliveries):
        yield "'lpa notifications send' sends pending notifications now.", ""
    if any(delivery.next_try for delivery in deliveries):
        yield "They are also retried by the next command that goes online once they are due.", ""


def _lost(deliveries: Collection[Delivery]) -> Iterator[Line]:
    if deliveries:
        yield f"No signed notification remains for {_servers(deliveries)}.", "yellow"
    for iccid in dict.fromkeys(delivery.iccid for delivery in deliveries):
        if iccid:
            yield lost.advice(iccid), ""


def _servers(deliveries: Iterable[Delivery]) -> str:
    return ", ".join(dict.fromkeys(delivery.address or "the operator's server" for delivery in deliveries))


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
