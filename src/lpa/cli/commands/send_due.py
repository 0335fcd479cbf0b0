"""Send the notifications of earlier commands that are due, after a command has done its own work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from lpa.cli.commands.outcomes import report_pending, unprinted
from lpa.cli.json_output import CommandResult, plain
from lpa.cli.views import pending as views
from lpa.cli.views.deliveries import with_heading
from lpa.errors import LpaError
from lpa.rsp.deliver import NOW

if TYPE_CHECKING:
    from lpa.assistant import Assistant
    from lpa.cli.screen import Screen
    from lpa.notifications.delivery import Delivery


def then_send_due(
    screen: Screen, assistant: Assistant, result: CommandResult, reported: Iterable[Delivery]
) -> CommandResult:
    """The result of a command, after which due notifications are sent and pending ones are reported.

    Nothing is sent if the command is not to deliver now. `reported`: the deliveries that this command has
    reported already, beside those of what was recovered.
    """
    known = (*chain.from_iterable(one.deliveries for one in assistant.recovered), *reported)
    deliveries: tuple[Delivery, ...] = ()
    try:
        if assistant.deliver == NOW:
            with screen.progress() as progress:
                deliveries = assistant.send_due_notifications(progress=progress)
        pending = assistant.pending_notifications()
    except LpaError as problem:  # The command itself succeeded, and must not look as if it had failed.
        screen.say(problem.message, "yellow")
        report_pending(screen, known, ())
        return result
    if retried := unprinted(screen, deliveries):
        screen.say("Retried earlier notifications:")
        for text, style in with_heading(retried):
            screen.say(text, style)
    report_pending(screen, (*known, *deliveries), pending)
    more = {"due": deliveries, "pending": [views.members(one) for one in pending]}
    return replace(result, data=plain(result.data) | plain(more))
