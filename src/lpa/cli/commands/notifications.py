"""Commands about notifications: notifications list, send, remove, mark-informed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lpa.advice.commands import SEND_OR_UNSENT, SEND_REMOVES_IT
from lpa.card.es10 import first_notifications
from lpa.cli.all_readers import on_each_reader
from lpa.cli.commands.interruption import PENDING, changing
from lpa.cli.commands.outcomes import report_pending, unprinted
from lpa.cli.commands.recovery import recovering
from lpa.cli.commands.send_due import then_send_due
from lpa.cli.exits import UNDELIVERED, exit_code
from lpa.cli.group import Group
from lpa.cli.json_output import CommandResult, plain
from lpa.cli.parsing import PROFILE_DIGITS, RECEIPTS
from lpa.cli.views import lost_notifications
from lpa.cli.views import pending as pending_views
from lpa.cli.views import unrecorded as unrecorded_views
from lpa.cli.views.deliveries import unacknowledged, with_heading
from lpa.errors import BadAnswer, Declined, EuiccRefused, LpaError, StorageFailed
from lpa.notifications import unrecorded
from lpa.notifications.send_queue import pending

if TYPE_CHECKING:
    from lpa.assistant import Assistant
    from lpa.cli.console import Console
    from lpa.cli.screen import Screen
    from lpa.journal import LostNotification
    from lpa.notifications.delivery import Delivery, PendingNotification
    from lpa.notifications.receipts import Receipt
    from lpa.notifications.unrecorded import Unrecorded
    from lpa.profiles.selection import Selector
    from lpa.rsp.records import NotificationMetadata

_LISTS = "'lpa notifications list' lists pending and lost notifications."
_SENDING = "Interrupted while sending notifications: each is acknowledged, or still pending.", PENDING
_NONE_HERE = "No pending notifications on this computer."


@click.group(cls=Group)
def notifications() -> None:
    """Pending notifications."""


@notifications.command("list")
@click.option("--without-card", is_flag=True, help="Only those on this computer; no card is needed.")
@click.pass_obj
def list_(console: Console, without_card: bool) -> CommandResult:
    """List pending notifications.

    They are on the card, or on this computer. Those on this computer are listed with the number of tries, the
    next try and the last problem. Lost notifications are listed too: for them, no signed notification
    remains. So are receipts that this computer has no record of, because its journal was lost or restored
    from a backup.
    """
    if without_card:
        on_computer = _on_computer(console)
        if not on_computer["pending"]:
            console.screen.say(_NONE_HERE)
        return CommandResult(on_computer)
    try:
        with console.assistant(first_notifications()) as assistant:
            found = assistant.notifications()
    except (BadAnswer, EuiccRefused) as problem:  # What is on this computer does not depend on the card.
        console.screen.problem(problem)
        unknown = {"notifications": None, "unreadable": None}
        return CommandResult(unknown | _on_computer(console), problem, exit_code(problem))
    console.screen.table(
        ("Number", "Event", "ICCID", "Server"),
        [(str(one.sequence_number), one.event, str(one.iccid or ""), one.address) for one in found],
    )
    if not (found or found.unreadable):
        console.screen.say("No notifications on the card.")
    if found.unreadable:
        more = " more" if found else ""
        console.screen.say(f"{len(found.unreadable)}{more} on the card cannot be read.", "yellow")
    return CommandResult({"notifications": found, "unreadable": found.unreadable} | _on_computer(console))


def _on_computer(console: Console) -> dict[str, object]:
    """Print what is pending on this computer, and what is lost; for the document."""
    with closing(console.journal()) as journal:
        kept = pending(journal)
        acknowledged = [entry for entry in journal.outbox() if entry.sent is not None]
        lost = journal.lost()
        without_record = unrecorded.find(journal, console.receipts())
    if kept:
        console.screen.line(("Pending on this computer:", "bold"))
        console.screen.table(*pending_views.table(kept))
    if acknowledged:
        console.screen.say(f"{len(acknowledged)} acknowledged, to be removed from the card.")
    show_lost(console.screen, lost)
    return {
        "pending": [pending_views.members(one) for one in kept],
        "still_on_card": len(acknowledged),
        "lost": [lost_notifications.members(one) for one in lost],
        **show_unrecorded(console.screen, *without_record),
    }


def show_lost(screen: Screen, lost: Collection[LostNotification]) -> None:
    """Print lost notifications, with what to do about each."""
    if not lost:
        return
    screen.line(("Lost: no signed notification remains for these servers.", "bold"))
    screen.table(*lost_notifications.table(lost))
    for line in lost_notifications.advice_lines(lost):
        screen.line(line)


def show_unrecorded(screen: Screen, found: Collection[Unrecorded], more: int) -> dict[str, object]:
    """Print receipts without a record, with the commands that send them; for the document."""
    if found:
        screen.line(("Receipts of which the journal on this computer has no record:", "bold"))
        screen.table(*unrecorded_views.table(found))
        screen.line("Whether their servers were notified is unknown. Nothing is sent unless you send it:")
        for one in found:
            screen.line(f"  {one.command}")
    if more:
        files = "1 more file has" if more == 1 else f"{more} more files have"
        screen.say(f"{files} the name of such a receipt.", "yellow")
    return {"unrecorded": [*map(unrecorded_views.members, found)], "more_unrecorded": more}


@notifications.command()
@click.argument("paths", type=RECEIPTS, nargs=-1, metavar="[FILE|FOLDER]...")
@click.option("--without-card", is_flag=True, help="Only those on this computer; no card is needed.")
@click.pass_obj
def send(console: Console, paths: tuple[Path, ...], without_card: bool) -> CommandResult:
    """Send pending notifications.

    Those on the card are kept on this computer first, and removed from the card once the server has
    acknowledged them.

    With --all-readers, what is kept of cards that are in no reader is not sent.

    With receipts (FILE, or a FOLDER of them) only those are sent. This needs no card, and works on another
    computer too.
    """
    if console.all_readers:
        if paths or without_card:
            raise click.UsageError(
                "--all-readers sends what is on the cards: give no FILE and no --without-card."
            )
        return on_each_reader(console, _send_of_card)
    if paths:
        return _send_files(console, paths)
    if without_card:
        with console.send_queue() as send_queue, changing(console.screen, *_SENDING):
            deliveries = send_queue.send_all([one.entry for one in send_queue.pending()])
            _note_sent(console.screen, deliveries)
            left = send_queue.pending()
        if not deliveries:
            console.screen.say(_NONE_HERE)
        return _sent_without_card(console.screen, {}, deliveries, left)
    with console.delivering_assistant() as assistant, recovering(console.screen, assistant):
        deliveries = assistant.send_notifications()
        _note_sent(console.screen, deliveries)
        if not deliveries:
            console.screen.say(_NONE_HERE if deliveries.problem else "No pending notifications.")
        result = with_problem(console.screen, _sent(console.screen, {}, deliveries), deliveries.problem)
        return then_send_due(console.screen, assistant, result, deliveries)


def _send_of_card(console: Console) -> CommandResult:
    """Send what is on this card, and what is kept here of it. What is kept of other cards is left."""
    with console.delivering_assistant() as assistant, recovering(console.screen, assistant):
        deliveries = assistant.send_own_notifications()
        _note_sent(console.screen, deliveries)
        if not deliveries:
            console.screen.say("No pending notifications of this card.")
        return with_problem(console.screen, _sent(console.screen, {}, deliveries), deliveries.problem)


def _send_files(console: Console, paths: Iterable[Path]) -> CommandResult:
    """Send the receipts in `paths`. A file that is not a receipt does not keep the others from being sent."""
    from lpa.notifications import from_files

    found, unusable = from_files.read(paths)
    for one in unusable:
        console.screen.say(f"Not sent: {one.problem.message}", "red")
        console.screen.say(f"  {one.problem.advice}")
    with console.send_queue() as send_queue, changing(console.screen, *_SENDING):
        deliveries = from_files.send_files(send_queue, console.receipts(), found)
        _note_sent(console.screen, deliveries)
        left = send_queue.pending()
    result = _sent_without_card(console.screen, {"unusable": unusable}, deliveries, left)
    if any(delivery.acknowledged and not delivery.removed for delivery in deliveries):
        console.screen.line("'lpa notifications send' with the card removes them from the card.")
    if unusable and not result.code:
        return replace(result, problem=unusable[0].problem, code=exit_code(unusable[0].problem))
    return result


@notifications.command()
@click.argument("number", type=click.IntRange(0))
@click.option("--unsent", is_flag=True, help="Remove it although its server has not acknowledged it.")
@click.pass_obj
def remove(console: Console, number: int, unsent: bool) -> CommandResult:
    """Remove a notification from the card without sending it.

    Its server is not notified. The notification is kept on this computer first.
    """
    with console.assistant() as assistant:
        acknowledged = [
            one.notification.metadata
            for one in assistant.journal.outbox(assistant.eid)
            if one.sent is not None
        ]
        on_card = assistant.notifications()
        if not unsent:
            for metadata in acknowledged:
                if metadata.sequence_number == number:
                    raise _still_on_card(metadata)
            kept = (one.entry for one in assistant.pending_notifications() if one.entry.eid == assistant.eid)
            raise _unsent(number, [*on_card, *(one.notification.metadata for one in kept)])
        with changing(console.screen, "Interrupted while removing the notification.", _LISTS):
            removed = assistant.remove_notification(number)
            done = (
                f"Notification {number} removed from the card."
                if removed in on_card
                else f"Notification {number} was not on the card; this computer does not send it any more."
            )
            console.screen.did(done, {"notification": plain(removed)}, advice=_LISTS)
        receipts = _receipts_of(console.screen, assistant, removed)
    console.screen.line(done)
    if removed not in acknowledged:
        console.screen.line(f"It was not sent to {removed.address}: {removed.event} of {removed.iccid}.")
    for receipt in receipts:
        console.screen.line(f"Receipt: {receipt.path}")
    return CommandResult({"notification": removed, "receipts": [receipt.path for receipt in receipts]})


def _receipts_of(screen: Screen, assistant: Assistant, removed: NotificationMetadata) -> list[Receipt]:
    """Its receipts. If they cannot be listed, prints why: the notification was removed anyway."""
    try:
        kept = assistant.receipts.of(assistant.eid)
    except StorageFailed as problem:
        screen.say(problem.message, "yellow")
        return []
    return [receipt for receipt in kept if receipt.notification.metadata == removed]


def _still_on_card(metadata: NotificationMetadata) -> Declined:
    return Declined(
        f"{metadata.address} has acknowledged notification {metadata.sequence_number}.",
        advice=SEND_REMOVES_IT,
        reason="acknowledged",
    )


def _unsent(number: int, listed: Iterable[NotificationMetadata]) -> LpaError:
    from lpa.notifications import removal

    found = [metadata for metadata in listed if metadata.sequence_number == number]
    if not found:
        return removal.no_such_notification(number)
    return Declined(
        f"{found[0].address} has not acknowledged notification {number} "
        f"({found[0].event} of {found[0].iccid}). If it is removed unsent, the server is not notified.",
        advice=SEND_OR_UNSENT,
        reason="notAcknowledged",
    )


@notifications.command("mark-informed")
@click.argument("name", type=PROFILE_DIGITS)
@click.pass_obj
def mark_informed(console: Console, name: Selector) -> CommandResult:
    """Record that you have informed the operator yourself.

    The lost notifications of the profile are no longer listed as lost. No card is needed. NAME is the
    profile's ICCID, or its last digits (four or more).
    """
    from lpa.notifications import lost

    with closing(console.journal()) as journal, changing(console.screen, "Interrupted.", _LISTS):
        iccid = lost.profile_named(str(name), journal.lost())
        informed = lost.mark_informed(journal, iccid)
        noted = {"informed": [plain(lost_notifications.members(one)) for one in informed]}
        console.screen.did("It is noted that the operator is informed.", noted, advice=_LISTS)
    for one in informed:
        console.screen.line(f"The operator is informed: {one.event} of {one.title} ({iccid}), {one.address}.")
    return CommandResult({"informed": [lost_notifications.members(one) for one in informed]})


def _sent_without_card(
    screen: Screen,
    data: dict[str, object],
    deliveries: tuple[Delivery, ...],
    left: Collection[PendingNotification],
) -> CommandResult:
    """As `_sent`, and print how many are pending: `left`."""
    result = _sent(screen, data | {"pending": [pending_views.members(one) for one in left]}, deliveries)
    report_pending(screen, deliveries, left)
    return result


def with_problem(screen: Screen, result: CommandResult, problem: LpaError | None) -> CommandResult:
    """The result of a command, after printing why the card does not say what is on it, if it does not.

    What is not acknowledged comes first in the document and in the exit code.
    """
    if problem is None:
        return result
    screen.problem(problem)
    return result if result.problem else replace(result, problem=problem, code=exit_code(problem))


def _note_sent(screen: Screen, deliveries: Collection[Delivery]) -> None:
    """Note for an interruption how many were acknowledged."""
    acknowledged = sum(delivery.acknowledged for delivery in deliveries)
    sentence = f"{acknowledged} of {len(deliveries)} notifications were acknowledged."
    screen.did(sentence, {"deliveries": plain(deliveries)}, advice=PENDING)


def _sent(screen: Screen, data: dict[str, object], deliveries: tuple[Delivery, ...]) -> CommandResult:
    """Print deliveries: the result of a command that only sends."""
    for line in with_heading(unprinted(screen, deliveries)):
        screen.line(line)
    data = data | {"deliveries": deliveries}
    for delivery in unacknowledged(deliveries):
        return CommandResult(data, delivery.problem, UNDELIVERED)
    return CommandResult(data)
