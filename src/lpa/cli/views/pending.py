"""What is kept on this computer and no server acknowledged yet, in words and in documents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from lpa.assistant import Assistant
from lpa.cli.console import changing
from lpa.cli.json_output import Answer, plain
from lpa.cli.screen import Screen
from lpa.cli.views.sentences import moment, with_heading
from lpa.errors import LpaError
from lpa.notifications.delivery import Delivery, PendingNotification

_HEADINGS = ("Number", "Event", "ICCID", "Server", "Tries", "Next try", "Last problem")


def show(screen: Screen, waiting: Iterable[PendingNotification], *, cards: bool) -> None:
    """A table on stdout. `cards`: also which card signed it."""
    now = datetime.now(UTC)
    rows = []
    for one in waiting:
        told, entry = one.entry.notification.metadata, one.entry
        row = (str(told.sequence_number), told.event, str(told.iccid or ""), told.address)
        way = (str(entry.attempts), moment(one.next_try, now), entry.problem)
        rows.append((*row, *way, *([str(entry.eid or "unknown")] if cards else [])))
    screen.table((*_HEADINGS, *(["Card"] if cards else [])), rows)


def members(one: PendingNotification) -> dict[str, object]:
    """For a document."""
    entry = one.entry
    return {
        "eid": entry.eid,
        "notification": entry.notification.metadata,
        "kept": datetime.fromtimestamp(entry.kept, UTC),
        "attempts": entry.attempts,
        "problem": entry.problem,
        "next_try": one.next_try,
    }


def then_send_due(screen: Screen, assistant: Assistant, answer: Answer, told: Iterable[Delivery]) -> Answer:
    """The answer of a command, after which what is due of earlier ones is sent, and what is not is said.

    `told`: what this command has said already.
    """
    said = {delivery.metadata for delivery in told}
    try:
        with changing():
            deliveries = assistant.send_due_notifications()
        waiting = assistant.pending_notifications()
    except LpaError as problem:  # What this command did is done, and must not look as if it had failed.
        screen.say(problem.message, "yellow")
        return answer
    if deliveries:
        screen.say("These were still on their way:")
    for text, style in with_heading(deliveries):
        screen.say(text, style)
    _say_waiting(screen, [one for one in waiting if one.entry.notification.metadata not in said])
    more = {"due": deliveries, "outbox": [members(one) for one in waiting]}
    return replace(answer, result=plain(answer.result) | plain(more))


def _say_waiting(screen: Screen, waiting: list[PendingNotification]) -> None:
    if waiting:
        first = moment(min(one.next_try for one in waiting), datetime.now(UTC))
        many = f"{len(waiting)} notifications are" if len(waiting) > 1 else "1 notification is"
        screen.say(f"{many} kept here that a server has yet to acknowledge; next try {first}.", "yellow")
        screen.say("'lpa notifications list' shows what waits; 'lpa notifications send' tries at once.")
