"""Send the notifications of earlier commands that are due, after a command has done its own work."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import UTC, datetime

from lpa.assistant import Assistant
from lpa.cli.json_output import CommandResult, plain
from lpa.cli.screen import Screen
from lpa.cli.views import pending as views
from lpa.cli.views.deliveries import with_heading
from lpa.cli.views.times import time_until
from lpa.errors import LpaError
from lpa.notifications.delivery import Delivery, PendingNotification


def then_send_due(
    screen: Screen, assistant: Assistant, result: CommandResult, reported: Iterable[Delivery]
) -> CommandResult:
    """The result of a command, after which due notifications are sent and pending ones are reported.

    `reported`: the deliveries that this command has reported already.
    """
    known = {delivery.metadata for delivery in reported}
    try:
        deliveries = assistant.send_due_notifications()
        pending = assistant.pending_notifications()
    except LpaError as problem:  # The command itself succeeded, and must not look as if it had failed.
        screen.say(problem.message, "yellow")
        return result
    if deliveries:
        screen.say("Retried earlier notifications:")
    for text, style in with_heading(deliveries):
        screen.say(text, style)
    _report_pending(screen, [one for one in pending if one.entry.notification.metadata not in known])
    more = {"due": deliveries, "pending": [views.members(one) for one in pending]}
    return replace(result, data=plain(result.data) | plain(more))


def _report_pending(screen: Screen, pending: Collection[PendingNotification]) -> None:
    if not pending:
        return
    first = time_until(min(one.next_try for one in pending), datetime.now(UTC))
    if len(pending) == 1:
        screen.say(f"1 earlier notification is pending; next try {first}.", "yellow")
    else:
        screen.say(f"{len(pending)} earlier notifications are pending; next try {first}.", "yellow")
    screen.say("'lpa notifications list' lists pending notifications; 'lpa notifications send' sends them.")
