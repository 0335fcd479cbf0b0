"""Commands about what servers have yet to hear: notifications list, send, remove, told."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import click

from lpa.cli.console import Console, changing, resuming
from lpa.cli.exits import UNDELIVERED, exit_code
from lpa.cli.group import Group
from lpa.cli.json_output import Answer
from lpa.cli.parsing import ICCID
from lpa.cli.screen import Screen
from lpa.cli.views import lost_lines
from lpa.cli.views.pending import members, show, then_send_due
from lpa.cli.views.sentences import still_unacknowledged, with_heading
from lpa.errors import Declined
from lpa.notifications.delivery import Delivery
from lpa.notifications.send_queue import pending
from lpa.rsp.names import Iccid
from lpa.rsp.records import NotificationMetadata


@click.group(cls=Group)
def notifications() -> None:
    """What the operators' servers have yet to hear."""


@notifications.command("list")
@click.option("--without-card", is_flag=True, help="Only what is kept on this computer; no card is needed.")
@click.pass_obj
def list_(console: Console, without_card: bool) -> Answer:
    """List what waits, on the card and on this computer.

    Of what is kept on this computer and no server acknowledged yet: how often it was tried, what the last
    problem was, and when it is tried next. And what was lost: of which nothing signed is left.
    """
    if without_card:
        result = _outbox(console)
        if not result["outbox"]:
            console.screen.say("Nothing kept on this computer waits for a server.")
        return Answer(result)
    with console.assistant() as assistant:
        found = assistant.notifications()
    console.screen.table(
        ("Number", "Event", "ICCID", "Server"),
        [(str(told.sequence_number), told.event, str(told.iccid or ""), told.address) for told in found],
    )
    if not found:
        console.screen.say("Nothing waits on the card.")
    if found.unreadable:
        console.screen.say(f"The card lists {len(found.unreadable)} more that cannot be read.", "yellow")
    return Answer({"notifications": found, "unreadable": found.unreadable} | _outbox(console))


def _outbox(console: Console) -> dict[str, object]:
    """Show what is kept on this computer and not acknowledged; for the document."""
    with closing(console.journal()) as journal:
        kept = pending(journal)
        acknowledged = [entry for entry in journal.outbox() if entry.sent is not None]
        losses = journal.lost()
    if kept:
        console.screen.line(("Kept on this computer, and not acknowledged yet:", "bold"))
        show(console.screen, kept, cards=len({one.entry.eid for one in kept}) > 1)
    if acknowledged:
        console.screen.say(
            f"{len(acknowledged)} acknowledged, and to be removed when their card is here again."
        )
    lost_lines.show(console.screen, losses)
    return {
        "outbox": [members(one) for one in kept],
        "still-on-card": len(acknowledged),
        "lost": [lost_lines.members(loss) for loss in losses],
    }


@notifications.command()
@click.argument("paths", type=click.Path(exists=True, path_type=Path), nargs=-1, metavar="[FILE|FOLDER]...")
@click.option("--without-card", is_flag=True, help="Only what is kept on this computer; no card is needed.")
@click.pass_obj
def send(console: Console, paths: tuple[Path, ...], without_card: bool) -> Answer:
    """Deliver what waits, on the card or on this computer.

    Each is kept on this computer first, and the card forgets it when its server has acknowledged it.

    With receipts (FILE, or a FOLDER of them) only those are delivered; no card is needed, and this may be
    another computer.
    """
    if paths:
        return _handed_over(console, paths)
    if without_card:
        with console.send_queue() as send_queue:
            deliveries = send_queue.send_all([one.entry for one in send_queue.pending()])
            left = [members(one) for one in send_queue.pending()]
        if not deliveries:
            console.screen.say("Nothing kept on this computer waits for a server.")
        return delivered(console.screen, {"outbox": left}, deliveries)
    with console.delivering_assistant() as assistant, resuming(console.screen, assistant):
        deliveries = assistant.send_notifications()
        if not deliveries:
            console.screen.say("Nothing waits for a server.")
        answer = delivered(console.screen, {}, deliveries)
        return then_send_due(console.screen, assistant, answer, deliveries)


def _handed_over(console: Console, paths: Iterable[Path]) -> Answer:
    """Deliver the receipts in `paths`. A file that is none does not keep the others from their servers."""
    from lpa.notifications import from_files

    found, unusable = from_files.read(paths)
    for one in unusable:
        console.screen.say(f"Not sent: {one.problem.message}", "red")
        console.screen.say(f"  {one.problem.advice}")
    with console.send_queue() as send_queue:
        deliveries = from_files.send_files(send_queue, console.receipts(), found)
        left = [members(one) for one in send_queue.pending()]
    answer = delivered(console.screen, {"unusable": unusable, "outbox": left}, deliveries)
    if any(delivery.acknowledged and not delivery.removed for delivery in deliveries):
        console.screen.line(
            "'lpa notifications send' has the card forget them when it is here, if it has not yet."
        )
    if unusable and not answer.code:
        return replace(answer, problem=unusable[0].problem, code=exit_code(unusable[0].problem))
    return answer


@notifications.command()
@click.argument("number", type=click.IntRange(0))
@click.option("--unsent", is_flag=True, help="Remove it although its server has not acknowledged it.")
@click.pass_obj
def remove(console: Console, number: int, unsent: bool) -> Answer:
    """Take a notification from the card without delivering it.

    Its server will never hear of it. It is kept on this computer first.
    """
    with console.assistant() as assistant:
        if not unsent:
            kept = (one.entry for one in assistant.pending_notifications() if one.entry.eid == assistant.eid)
            raise _unsent(number, [*assistant.notifications(), *(one.notification.metadata for one in kept)])
        with changing():
            told = assistant.remove_notification(number)
        proofs = [
            receipt
            for receipt in assistant.receipts.of(assistant.eid)
            if receipt.notification.metadata == told
        ]
    console.screen.line(f"Notification {number} is no longer on the card.")
    console.screen.line(f"{told.address} will not hear of it from the card: {told.event} of {told.iccid}.")
    for receipt in proofs:
        console.screen.line(f"Receipt: {receipt.path}")
    return Answer({"notification": told, "receipts": [receipt.path for receipt in proofs]})


def _unsent(number: int, waiting: Iterable[NotificationMetadata]) -> Declined:
    found = [told for told in waiting if told.sequence_number == number]
    if not found:
        return Declined(
            f"There is no notification {number} on the card or on this computer.",
            advice="'lpa notifications list' lists them.",
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
def told(console: Console, iccid: Iccid) -> Answer:
    """Note that you have told the operator yourself of what was lost.

    It is not shown as lost any more then. No card is needed.
    """
    from lpa.notifications import lost

    with closing(console.journal()) as journal:
        done = lost.mark_informed(journal, iccid)
    for loss in done:
        console.screen.line(f"You told the operator: {loss.event} of {loss.title} ({iccid}), {loss.address}.")
    return Answer({"told": [lost_lines.members(loss) for loss in done]})


def delivered(screen: Screen, result: dict[str, object], deliveries: tuple[Delivery, ...]) -> Answer:
    """Say what became of notifications: the answer of a command that does nothing else."""
    for text, style in (*with_heading(deliveries), *still_unacknowledged(deliveries)):
        screen.line((text, style))
    unacknowledged = [delivery for delivery in deliveries if not delivery.acknowledged]
    if unacknowledged:
        return Answer(result | {"deliveries": deliveries}, unacknowledged[0].problem, UNDELIVERED)
    return Answer(result | {"deliveries": deliveries})
