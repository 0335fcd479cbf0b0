"""Commands about what servers have yet to hear: notifications list, send, remove, told."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import click

from lpa.cli.console import Desk, changing, resuming
from lpa.cli.exits import UNDELIVERED, exit_code
from lpa.cli.json_output import Answer
from lpa.cli.parsing import ICCID, Group
from lpa.cli.screen import Screen
from lpa.cli.views import lost_lines
from lpa.cli.views.pending import and_due, members, show
from lpa.cli.views.sentences import headed, still_unheard
from lpa.errors import Declined
from lpa.notifications.send_queue import Delivery, waiting
from lpa.rsp.names import Iccid
from lpa.rsp.records import NotificationMetadata


@click.group(cls=Group)
def notifications() -> None:
    """What the operators' servers have yet to hear."""


@notifications.command("list")
@click.option("--without-card", is_flag=True, help="Only what is kept on this computer; no card is needed.")
@click.pass_obj
def list_(desk: Desk, without_card: bool) -> Answer:
    """List what waits, on the card and on this computer.

    Of what is kept on this computer and no server acknowledged yet: how often it was tried, what the last
    problem was, and when it is tried next. And what was lost: of which nothing signed is left.
    """
    if without_card:
        result = _outbox(desk)
        if not result["outbox"]:
            desk.screen.say("Nothing kept on this computer waits for a server.")
        return Answer(result)
    with desk.assistant() as assistant:
        found = assistant.notifications()
    desk.screen.table(
        ("Number", "Event", "ICCID", "Server"),
        [(str(told.sequence_number), told.event, str(told.iccid or ""), told.address) for told in found],
    )
    if not found:
        desk.screen.say("Nothing waits on the card.")
    if found.unreadable:
        desk.screen.say(f"The card lists {len(found.unreadable)} more that cannot be read.", "yellow")
    return Answer({"notifications": found, "unreadable": found.unreadable} | _outbox(desk))


def _outbox(desk: Desk) -> dict[str, object]:
    """Show what is kept on this computer and not acknowledged; for the document."""
    with closing(desk.journal()) as journal:
        kept = waiting(journal)
        acknowledged = [entry for entry in journal.outbox() if entry.sent is not None]
        losses = journal.lost()
    if kept:
        desk.screen.line(("Kept on this computer, and not acknowledged yet:", "bold"))
        show(desk.screen, kept, cards=len({one.entry.eid for one in kept}) > 1)
    if acknowledged:
        desk.screen.say(f"{len(acknowledged)} acknowledged, and to be cleared when their card is here again.")
    lost_lines.show(desk.screen, losses)
    return {
        "outbox": [members(one) for one in kept],
        "uncleared": len(acknowledged),
        "lost": [lost_lines.members(loss) for loss in losses],
    }


@notifications.command()
@click.argument("paths", type=click.Path(exists=True, path_type=Path), nargs=-1, metavar="[FILE|FOLDER]...")
@click.option("--without-card", is_flag=True, help="Only what is kept on this computer; no card is needed.")
@click.pass_obj
def send(desk: Desk, paths: tuple[Path, ...], without_card: bool) -> Answer:
    """Deliver what waits, on the card or on this computer.

    Each is kept on this computer first, and the card forgets it when its server has acknowledged it.

    With receipts (FILE, or a FOLDER of them) only those are delivered; no card is needed, and this may be
    another computer.
    """
    if paths:
        return _handed_over(desk, paths)
    if without_card:
        with desk.dispatch() as dispatch:
            deliveries = dispatch.send_all([one.entry for one in dispatch.waiting()])
            left = [members(one) for one in dispatch.waiting()]
        if not deliveries:
            desk.screen.say("Nothing kept on this computer waits for a server.")
        return delivered(desk.screen, {"outbox": left}, deliveries)
    with desk.delivering_assistant() as assistant, resuming(desk.screen, assistant):
        deliveries = assistant.send_notifications()
        if not deliveries:
            desk.screen.say("Nothing waits for a server.")
        answer = delivered(desk.screen, {}, deliveries)
        return and_due(desk.screen, assistant, answer, deliveries)


def _handed_over(desk: Desk, paths: Iterable[Path]) -> Answer:
    """Deliver the receipts in `paths`. A file that is none does not keep the others from their servers."""
    from lpa.notifications import from_files

    found, unusable = from_files.read(paths)
    for one in unusable:
        desk.screen.say(f"Not sent: {one.problem.message}", "red")
        desk.screen.say(f"  {one.problem.advice}")
    with desk.dispatch() as dispatch:
        deliveries = from_files.hand_over(dispatch, desk.receipts(), found)
        left = [members(one) for one in dispatch.waiting()]
    answer = delivered(desk.screen, {"unusable": unusable, "outbox": left}, deliveries)
    if any(delivery.acknowledged and not delivery.cleared for delivery in deliveries):
        desk.screen.line(
            "'lpa notifications send' has the card forget them when it is here, if it has not yet."
        )
    if unusable and not answer.code:
        return replace(answer, problem=unusable[0].problem, code=exit_code(unusable[0].problem))
    return answer


@notifications.command()
@click.argument("number", type=click.IntRange(0))
@click.option("--unsent", is_flag=True, help="Remove it although its server has not acknowledged it.")
@click.pass_obj
def remove(desk: Desk, number: int, unsent: bool) -> Answer:
    """Take a notification from the card without delivering it.

    Its server will never hear of it. It is kept on this computer first.
    """
    with desk.assistant() as assistant:
        if not unsent:
            kept = (one.entry for one in assistant.waiting() if one.entry.eid == assistant.eid)
            raise _unsent(number, [*assistant.notifications(), *(one.notification.metadata for one in kept)])
        with changing():
            told = assistant.remove_notification(number)
        proofs = [
            receipt
            for receipt in assistant.receipts.of(assistant.eid)
            if receipt.notification.metadata == told
        ]
    desk.screen.line(f"Notification {number} is no longer on the card.")
    desk.screen.line(f"{told.address} will not hear of it from the card: {told.event} of {told.iccid}.")
    for receipt in proofs:
        desk.screen.line(f"Receipt: {receipt.path}")
    return Answer({"notification": told, "receipts": [receipt.path for receipt in proofs]})


def _unsent(number: int, waiting: Iterable[NotificationMetadata]) -> Declined:
    found = [told for told in waiting if told.sequence_number == number]
    if not found:
        return Declined(
            f"The card has no notification {number}, and none is kept here.",
            advice="'lpa notifications list' shows what it has.",
        )
    told = found[0]
    return Declined(
        f"The server {told.address} has not acknowledged notification {number} "
        f"({told.event} of {told.iccid}), and would never hear of it.",
        advice="'lpa notifications send' delivers it. To remove it all the same, add --unsent.",
    )


@notifications.command()
@click.argument("iccid", type=ICCID)
@click.pass_obj
def told(desk: Desk, iccid: Iccid) -> Answer:
    """Note that you have told the operator yourself of what was lost.

    It is not shown as lost any more then. No card is needed.
    """
    from lpa.notifications import lost

    with closing(desk.journal()) as journal:
        done = lost.told(journal, iccid)
    for loss in done:
        desk.screen.line(f"You told the operator: {loss.event} of {loss.title} ({iccid}), {loss.address}.")
    return Answer({"told": [lost_lines.members(loss) for loss in done]})


def delivered(screen: Screen, result: dict[str, object], deliveries: tuple[Delivery, ...]) -> Answer:
    """Say what became of notifications: the answer of a command that does nothing else."""
    for text, style in (*headed(deliveries), *still_unheard(deliveries)):
        screen.line((text, style))
    unheard = [delivery for delivery in deliveries if not delivery.acknowledged]
    if unheard:
        return Answer(result | {"deliveries": deliveries}, unheard[0].problem, UNDELIVERED)
    return Answer(result | {"deliveries": deliveries})
