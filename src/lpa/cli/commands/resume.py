"""The command that finishes what was begun: resume."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain

import click

from lpa.assistant import Assistant
from lpa.cli.console import Console, members, settling
from lpa.cli.exits import UNDELIVERED, exit_code
from lpa.cli.group import command
from lpa.cli.json_output import Answer
from lpa.cli.screen import Screen
from lpa.cli.views import lost_notifications
from lpa.cli.views.pending import members as waiting_members
from lpa.cli.views.pending import then_send_due
from lpa.cli.views.sentences import headline, not_told_yet, unacknowledged, with_heading
from lpa.errors import LpaError, WireError
from lpa.journal import LostNotification, Operation
from lpa.notifications import lost
from lpa.notifications.delivery import Delivery
from lpa.notifications.send_queue import pending


@command()
@click.pass_obj
def resume(console: Console) -> Answer:
    """Finish what was begun, or say what became of it.

    After a crash, a pulled card or a network that was down, this finds out what happened, and tells the
    servers whose next try is due. A profile that was put to use for a moment is taken out of use again.
    Nothing is deleted.
    """
    with ExitStack() as opened:
        try:
            assistant = opened.enter_context(console.delivering_assistant())
        except WireError as problem:
            return _without_card(console, problem)
        # Beside a document it is talk, which is there also if the document is of an error.
        tell = console.screen.stderr_line if console.screen.json else console.screen.line
        with settling(console.screen, assistant, tell):
            return _resumed(console.screen, assistant)


def _resumed(screen: Screen, assistant: Assistant) -> Answer:
    assistant.recover()
    deliveries = assistant.send_notifications(due_only=True)
    recovered, gone = assistant.recovered, assistant.journal.lost()
    elsewhere = [one for one in assistant.journal.unfinished() if one.eid != assistant.eid]
    if not (recovered or deliveries or elsewhere or gone):
        screen.say("Nothing was left unfinished.")
    told = (*chain.from_iterable(one.deliveries for one in recovered), *deliveries)
    # What was said of `recovered` is not said again, but counts; what is lost comes last, with all of before.
    for text, style in (*with_heading(deliveries), *not_told_yet(told)):
        screen.line((text, style))
    result = {"recovered": [members(one) for one in recovered], "deliveries": deliveries}
    answer = Answer(result | _left(screen, elsewhere, gone))
    failed = [one.problem for one in recovered if one.problem]
    if failed:
        answer = replace(answer, problem=failed[0], code=exit_code(failed[0]))
    elif operator_not_notified := _untold(told, gone):
        answer = replace(answer, problem=operator_not_notified[0], code=UNDELIVERED)
    return then_send_due(screen, assistant, answer, told)


def _without_card(console: Console, problem: LpaError) -> Answer:
    """No card can be asked; but which ones are waited for is known."""
    with closing(console.journal()) as journal:
        outbox = [waiting_members(one) for one in pending(journal)]
        result = _left(console.screen, journal.unfinished(), journal.lost())
    console.screen.say(f"lpa: {problem.message}", "red")
    console.screen.say(problem.advice)
    nothing: dict[str, object] = {"recovered": [], "deliveries": [], "due": [], "outbox": outbox}
    return Answer(nothing | result, problem, exit_code(problem))


def _left(
    screen: Screen, elsewhere: Iterable[Operation], gone: Collection[LostNotification]
) -> dict[str, object]:
    """Say what waits for other cards, and what was lost; for the document."""
    for operation in elsewhere:
        begun = headline(operation.function, _begun(operation))
        screen.say(f"{begun} waits for the card {operation.eid}.")
    lost_notifications.show(screen, gone)
    operations = [
        {
            "eid": operation.eid,
            "function": operation.function,
            "begun": _begun(operation),
            "target": operation.target,
        }
        for operation in elsewhere
    ]
    return {"waiting_for": operations, "lost": [lost_notifications.members(loss) for loss in gone]}


def _untold(told: Iterable[Delivery], gone: Iterable[LostNotification]) -> list[LpaError | None]:
    return [*(delivery.problem for delivery in unacknowledged(told)), *map(lost.problem, gone)]


def _begun(operation: Operation) -> datetime:
    return datetime.fromtimestamp(operation.begun, UTC)
