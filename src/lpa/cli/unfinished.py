"""The command that finishes what was begun: resume."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain

import click

from lpa.cli.desk import Desk, resuming
from lpa.cli.documents import Answer, plain
from lpa.cli.gate import UNDELIVERED, exit_code
from lpa.cli.screen import Screen
from lpa.cli.waiting import and_due
from lpa.cli.words import headed, headline, still_unheard
from lpa.dispatch import Delivery
from lpa.resumption import Resumption


@click.command()
@click.pass_obj
def resume(desk: Desk) -> Answer:
    """Finish what was begun, or say what became of it.

    After a crash, a pulled card or a network that was down: what did happen is found out, and its servers are
    told if their next try is due. A profile that was put to use for a moment is put out of use again. Nothing
    is deleted.
    """
    with desk.delivering_assistant() as assistant, resuming(desk.screen, assistant):
        deliveries = assistant.resume()
        resumed = assistant.resumed
        elsewhere = [
            operation for operation in assistant.journal.unfinished() if operation.eid != assistant.eid
        ]
        for operation in elsewhere:
            begun = datetime.fromtimestamp(operation.begun, UTC)
            desk.screen.say(f"{headline(operation.function, begun)} waits for the card {operation.eid}.")
        if not (resumed or deliveries or elsewhere):
            desk.screen.say("Nothing was left unfinished.")
        answer = _answer(desk.screen, resumed, deliveries)
        told = (*chain.from_iterable(one.deliveries for one in resumed), *deliveries)
        return and_due(desk.screen, assistant, answer, told)


def _answer(screen: Screen, resumed: Iterable[Resumption], deliveries: tuple[Delivery, ...]) -> Answer:
    """What was said of `resumed` is not said again, but counts: what was not done, and who has not heard."""
    told = (*chain.from_iterable(one.deliveries for one in resumed), *deliveries)
    for text, style in (*headed(deliveries), *still_unheard(told)):
        screen.line((text, style))
    answer = Answer({"resumed": [members(one) for one in resumed], "deliveries": deliveries})
    unheard = [delivery for delivery in told if not delivery.acknowledged]
    problems = [one.problem for one in resumed if one.problem]
    if problems:
        return replace(answer, problem=problems[0], code=exit_code(problems[0]))
    return replace(answer, problem=unheard[0].problem, code=UNDELIVERED) if unheard else answer


def members(resumption: Resumption) -> dict[str, object]:
    """For a document."""
    return {**plain(resumption), "left_undone": resumption.left_undone}
