"""What happened, in sentences."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lpa.deletion.plan import Plan
from lpa.errors import LpaError
from lpa.notifications import lost
from lpa.notifications.changes import ProfileChange
from lpa.notifications.delivery import Delivery
from lpa.profiles import temporary_enable
from lpa.profiles.switching import Outcome
from lpa.recovery import Recovery
from lpa.rsp.records import Profile

if TYPE_CHECKING:
    from lpa.download.offer import Offer

DONE = {"install": "Installed", "enable": "Enabled", "disable": "Disabled", "delete": "Deleted"}
BY_OTHERS = {event: f"{done} by something else" for event, done in (DONE | {"delete": "Removed"}).items()}
RULES = {"ppr1": "may not be disabled (PPR1)", "ppr2": "may not be deleted (PPR2)"}
STYLES = {"enabled": "green", "disabled": "dim"}

# The levels of findings, the gravest first: how each is called and shown.
LEVELS = {"blocker": ("Stop", "red"), "warning": ("Warning", "yellow"), "note": ("Note", "")}

# A line and how to show it.
Line = tuple[str, str]


def named(profile: Profile) -> str:
    """A profile's name and number."""
    number = str(profile.iccid)
    return number if profile.title == number else f"{profile.title} ({number})"


def unread(items: Collection[object]) -> list[str]:
    """What a card lists and nobody can read, as a line beside the profiles; no line if there is nothing."""
    if not items:
        return []
    count = "1 profile" if len(items) == 1 else f"{len(items)} profiles"
    return [f"{count} that cannot be read"]


def rules(profile: Profile) -> list[str]:
    """What the operator forbids."""
    return named_rules(profile.policy_rules)


def named_rules(identifiers: Iterable[str]) -> list[str]:
    """What policy rules say, by their identifiers; those without words here stay as they are."""
    return [RULES.get(identifier, identifier) for identifier in identifiers]


def change_lines(outcome: Outcome | Recovery) -> Iterator[Line]:
    """Each thing that was done, and below it what became of the notifications about it."""
    left = list(outcome.deliveries)
    for change in outcome.changes:
        done = f"{BY_OTHERS[change.event]}:" if change.external else DONE[change.event]
        yield f"{done} {named(change.profile)}.", "bold"
        for delivery in _about(change, left):
            left.remove(delivery)
            yield from delivery_lines(delivery)
    yield from with_heading(left)


def delivery_lines(delivery: Delivery) -> Iterator[Line]:
    """What became of one notification."""
    yield from ((f"  {text}", style) for text, style in _delivery(delivery))
    if delivery.problem:
        yield f"  {delivery.problem.message}", ""
        yield f"  {delivery.problem.advice}", "dim"
    if delivery.next_try:
        tries = f"{delivery.attempts} {'try' if delivery.attempts == 1 else 'tries'} so far"
        yield f"  {tries}; next try {moment(delivery.next_try, datetime.now(UTC))}.", ""
    if delivery.receipt:
        yield f"  Receipt: {delivery.receipt.path}", "dim"


def with_heading(deliveries: Iterable[Delivery]) -> Iterator[Line]:
    """Deliveries that no step stands above, each with what it is about."""
    for delivery in deliveries:
        number = "" if delivery.sequence_number is None else f" {delivery.sequence_number}"
        event = delivery.event if delivery.events else "unknown event"
        yield f"Notification{number}: {event} of {delivery.iccid or 'an unknown profile'}", "bold"
        yield from delivery_lines(delivery)


def still_unacknowledged(deliveries: Iterable[Delivery]) -> Iterator[Line]:
    """Who does not know yet, and what to do about it; or that everybody knows."""
    deliveries = tuple(deliveries)
    yield from not_told_yet(deliveries)
    yield from _lost([delivery for delivery in unacknowledged(deliveries) if delivery.lost])


def not_told_yet(deliveries: Iterable[Delivery]) -> Iterator[Line]:
    """As `still_unacknowledged`, for whoever says beside it what is lost."""
    deliveries = tuple(deliveries)
    left = unacknowledged(deliveries)
    if deliveries and not left:
        yield "Every server that had to be told has acknowledged it.", "green"
    yield from _waiting([delivery for delivery in left if not delivery.lost])


def unacknowledged(deliveries: Iterable[Delivery]) -> list[Delivery]:
    """Those that no server acknowledged. Of several tries of one notification the last counts."""
    last = {delivery.metadata: delivery for delivery in deliveries}
    return [delivery for delivery in last.values() if not delivery.acknowledged]


def _waiting(waiting: Collection[Delivery]) -> Iterator[Line]:
    if waiting:
        yield f"Not told yet: {_their_servers(waiting)}.", "yellow"
    if any(delivery.sequence_number is not None for delivery in waiting):
        yield "What the card signed waits on the card. 'lpa notifications send' delivers it.", ""
    if any(delivery.next_try for delivery in waiting):
        yield "It also goes by itself, with the first command that goes online after the next try is due.", ""


def _lost(deliveries: Collection[Delivery]) -> Iterator[Line]:
    if deliveries:
        yield f"Nothing signed is left that tells {_their_servers(deliveries)}.", "yellow"
    for iccid in dict.fromkeys(delivery.iccid for delivery in deliveries):
        if iccid:
            yield lost.advice(iccid), ""


def _their_servers(deliveries: Iterable[Delivery]) -> str:
    return ", ".join(dict.fromkeys(delivery.address or "the operator's server" for delivery in deliveries))


def moment(when: datetime, now: datetime) -> str:
    """A time to come, as a person wants it: how long until then, and when that is."""
    seconds = math.ceil((when - now).total_seconds())
    if seconds <= 0:
        return "now"
    minutes, hours = math.ceil(seconds / 60), math.ceil(seconds / 3600)
    wait = f"{hours} hours" if minutes > 90 else f"{minutes} minute{'s' * (minutes > 1)}"
    same_day = when.astimezone().date() == now.astimezone().date()
    return f"in {wait} ({when.astimezone():{'%H:%M' if same_day else '%Y-%m-%d %H:%M'}})"


def headline(function: str, begun: datetime) -> str:
    """Which operation is meant, when nobody asked for it now."""
    what = "switch for a moment" if function == temporary_enable.OPERATION else f"'{function}'"
    return f"An earlier {what} ({begun.astimezone():%Y-%m-%d %H:%M})"


def recovered(recovery: Recovery) -> Iterator[Line]:
    """What became of an operation that was not finished."""
    yield f"{headline(recovery.function, recovery.begun)} was not finished.", "yellow"
    if not (recovery.changes or recovery.summary):
        yield "  The card shows that it changed nothing.", ""
    yield from ((f"  {text}", style) for text, style in change_lines(recovery))
    if recovery.summary:
        yield f"  {recovery.summary}", "red" if recovery.problem else "bold"
    if recovery.problem:
        yield f"  {recovery.problem.message}", ""
        yield f"  {recovery.problem.advice}", ""
    if recovery.left_undone:
        yield "  It was not deleted, and is not without a new yes: 'lpa delete' asks for it.", "yellow"


def findings(offer: Offer) -> Iterator[Line]:
    """What speaks against a download, or should be known before it, with what to do about it."""
    for finding in offer.findings:
        head, style = LEVELS[finding.level]
        name = f" ({finding.name})" if finding.level == "warning" else ""
        yield f"{head}{name}: {finding.message}", style
        if finding.advice:
            yield f"  {finding.advice}", "dim"


def problem_lines(problem: LpaError | None) -> Iterator[Line]:
    """What the last look at the card found wrong."""
    if problem:
        yield f"But: {problem.message}", "red"
        yield problem.advice, ""


def servers(plan: Plan) -> list[str]:
    """Which servers will be told of a deletion, or that none will."""
    if plan.operator_not_notified:
        return ["none: the operator will not hear of it from the card, so tell them yourself"]
    return [*plan.addresses] or ["none: it is a test profile, no operator's"]


def _about(change: ProfileChange, deliveries: Iterable[Delivery]) -> list[Delivery]:
    """For each server the one about this; older ones about the same event of before go with it, for order."""
    newest: dict[str, Delivery] = {}
    for delivery in sorted(deliveries, key=_age):
        if (delivery.event, delivery.iccid) == (change.event, change.profile.iccid):
            newest[delivery.address] = delivery
    return sorted(newest.values(), key=_age)


def _age(delivery: Delivery) -> float:
    """What the card did not give has no number, and is missed of what was done now."""
    return math.inf if delivery.sequence_number is None else delivery.sequence_number


def _delivery(delivery: Delivery) -> Iterator[Line]:
    server = delivery.address or "its server"
    if delivery.removed:
        yield (
            f"{server} acknowledged; the card has forgotten notification {delivery.sequence_number}.",
            "green",
        )
    elif delivery.acknowledged:
        # Without a problem nobody asked the card: another computer may have had it forget by now.
        left = "the card still holds" if delivery.problem else "the card was not here to forget"
        yield f"{server} acknowledged; {left} notification {delivery.sequence_number}.", "yellow"
    elif delivery.lost:
        yield f"{server} will not hear of it from the card.", "yellow"
    else:
        yield f"{server} does not know yet.", "yellow"
