"""The command that recovers interrupted operations: resume."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING

import click

from lpa.cli.commands.interruption import PENDING
from lpa.cli.commands.notifications import with_problem
from lpa.cli.commands.on_computer import show_lost, show_unrecorded
from lpa.cli.commands.outcomes import unprinted
from lpa.cli.commands.recovery import recovering
from lpa.cli.commands.send_due import then_send_due
from lpa.cli.exits import UNDELIVERED, exit_code
from lpa.cli.group import command
from lpa.cli.json_output import CommandResult, plain
from lpa.cli.views import lost_notifications, recoveries
from lpa.cli.views import pending as pending_views
from lpa.cli.views.deliveries import undelivered, with_heading
from lpa.errors import LpaError, WireError
from lpa.notifications import lost, unrecorded
from lpa.notifications.send_queue import pending

if TYPE_CHECKING:
    from lpa.assistant import Assistant
    from lpa.cli.console import Console
    from lpa.cli.screen import Screen
    from lpa.journal import LostNotification, Operation
    from lpa.notifications.delivery import Delivery


@command()
@click.pass_obj
def resume(console: Console) -> CommandResult:
    """Recover interrupted operations.

    After a crash, a removed card or a network failure, this finds out what happened and sends the
    notifications that are due. After a temporary enable it restores the previous profile. Nothing is
    deleted.
    """
    with ExitStack() as opened:
        try:
            assistant = opened.enter_context(console.delivering_assistant())
        except WireError as problem:
            return _without_card(console, problem)
        # Beside a document the lines go to stderr: they are printed also if the document is of an error.
        write = console.screen.stderr_line if console.screen.json else console.screen.line
        with recovering(console.screen, assistant, write):
            return _resumed(console.screen, assistant)


def _resumed(screen: Screen, assistant: Assistant) -> CommandResult:
    with screen.progress() as progress:
        assistant.recover(progress=progress)
        deliveries = assistant.send_notifications(due_only=True, progress=progress)
    screen.did("What was interrupted before is recovered.", {"deliveries": plain(deliveries)}, advice=PENDING)
    recovered, gone = assistant.recovered, assistant.journal.lost()
    elsewhere = [one for one in assistant.journal.unfinished() if one.eid != assistant.eid]
    without_record = unrecorded.find(assistant.journal, assistant.receipts)
    if not (recovered or deliveries or deliveries.problem or elsewhere or gone or without_record[0]):
        screen.say("Nothing to resume.")
    every = (*chain.from_iterable(one.deliveries for one in recovered), *deliveries)
    for line in with_heading(unprinted(screen, deliveries)):
        screen.line(line)
    data = {"recovered": [recoveries.members(one) for one in recovered], "deliveries": deliveries}
    left = _left(screen, elsewhere, gone) | show_unrecorded(screen, *without_record)
    result = CommandResult(data | left)
    failed = [one.problem for one in recovered if one.problem]
    if failed:
        result = replace(result, problem=failed[0], code=exit_code(failed[0]))
    elif undelivered := _undelivered(every, gone):
        result = replace(result, problem=undelivered[0], code=UNDELIVERED)
    result = with_problem(screen, result, deliveries.problem)
    return then_send_due(screen, assistant, result, every)


def _without_card(console: Console, problem: LpaError) -> CommandResult:
    """No card can be read; but the journal knows which cards are needed."""
    with closing(console.journal()) as journal:
        kept = [pending_views.members(one) for one in pending(journal)]
        left = _left(console.screen, journal.unfinished(), journal.lost())
        without_record = unrecorded.find(journal, console.receipts())
    left |= show_unrecorded(console.screen, *without_record)
    console.screen.problem(problem)
    nothing: dict[str, object] = {"recovered": [], "deliveries": [], "due": [], "pending": kept}
    return CommandResult(nothing | left, problem, exit_code(problem))


def _left(
    screen: Screen, elsewhere: Iterable[Operation], gone: Collection[LostNotification]
) -> dict[str, object]:
    """Print what is unfinished on other cards, and what is lost; for the document."""
    for operation in elsewhere:
        which = recoveries.operation(operation.function, _begun(operation))
        screen.say(f"{which} was interrupted; insert the card {operation.eid} to resume it.")
    show_lost(screen, gone)
    operations = [
        {
            "eid": operation.eid,
            "operation": operation.function,
            "begun": _begun(operation),
            "target": operation.target,
        }
        for operation in elsewhere
    ]
    return {"other_cards": operations, "lost": [lost_notifications.members(one) for one in gone]}


def _undelivered(deliveries: Iterable[Delivery], gone: Iterable[LostNotification]) -> list[LpaError | None]:
    return [*(delivery.problem for delivery in undelivered(deliveries)), *map(lost.problem, gone)]


def _begun(operation: Operation) -> datetime:
    return datetime.fromtimestamp(operation.begun, UTC)
