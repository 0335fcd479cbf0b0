"""Commands about what servers have yet to hear: notifications list, send, remove."""

from __future__ import annotations

import click

from lpa.cli.desk import Desk, changing
from lpa.cli.documents import Answer
from lpa.cli.gate import UNDELIVERED
from lpa.cli.parsing import Group
from lpa.cli.words import headed, still_unheard
from lpa.errors import Declined
from lpa.rsp.listing import Listing
from lpa.rsp.records import NotificationMetadata


@click.group(cls=Group)
def notifications() -> None:
    """What the operators' servers have yet to hear."""


@notifications.command("list")
@click.pass_obj
def list_(desk: Desk) -> Answer:
    """List what waits on the card."""
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
    return Answer({"notifications": found, "unreadable": found.unreadable})


@notifications.command()
@click.pass_obj
def send(desk: Desk) -> Answer:
    """Deliver what waits on the card.

    Each is kept on this computer first, and the card forgets it when its server has acknowledged it.
    """
    with desk.delivering_assistant() as assistant, changing():
        deliveries = assistant.send_notifications()
    for text, style in (*headed(deliveries), *still_unheard(deliveries)):
        desk.screen.line((text, style))
    if not deliveries:
        desk.screen.say("Nothing waits on the card.")
    unheard = [delivery for delivery in deliveries if not delivery.acknowledged]
    if unheard:
        return Answer({"deliveries": deliveries}, unheard[0].problem, UNDELIVERED)
    return Answer({"deliveries": deliveries})


@notifications.command()
@click.argument("number", type=click.IntRange(0))
@click.option("--unsent", is_flag=True, help="Yes, though its server has not acknowledged it.")
@click.pass_obj
def remove(desk: Desk, number: int, unsent: bool) -> Answer:
    """Take a notification from the card without delivering it.

    Its server will never hear of it. It is kept on this computer first.
    """
    with desk.assistant() as assistant:
        if not unsent:
            raise _unsent(number, assistant.notifications())
        with changing():
            told = assistant.remove_notification(number)
        kept = [
            receipt
            for receipt in assistant.receipts.of(assistant.eid)
            if receipt.notification.metadata == told
        ]
    desk.screen.line(f"Notification {number} is no longer on the card.")
    desk.screen.line(f"{told.address} will not hear of it from the card: {told.event} of {told.iccid}.")
    for receipt in kept:
        desk.screen.line(f"Receipt: {receipt.path}")
    return Answer({"notification": told, "receipts": [receipt.path for receipt in kept]})


def _unsent(number: int, waiting: Listing[NotificationMetadata]) -> Declined:
    found = [told for told in waiting if told.sequence_number == number]
    if not found:
        return Declined(
            f"The card has no notification {number}.", advice="'lpa notifications list' shows what it has."
        )
    told = found[0]
    return Declined(
        f"{told.address} has not acknowledged notification {number} ({told.event} of {told.iccid}), "
        "and would never hear of it.",
        advice="'lpa notifications send' delivers it. To remove it all the same, add --unsent.",
    )
