"""`notification list`, `process`, `remove`, `dump` and `replay`."""

from __future__ import annotations

import base64
import binascii
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lpa.card.es10 import first_notifications
from lpa.cli.lpac.answers import SUCCEEDED, Failed
from lpa.cli.lpac.options import Options, numbers, parse
from lpa.cli.lpac.reasons import reason_of
from lpa.errors import BadAnswer
from lpa.rsp.limits import RECEIPT_BYTES
from lpa.rsp.records import Notification

if TYPE_CHECKING:
    from lpa.assistant import Assistant
    from lpa.cli.lpac.sending import Sending
    from lpa.cli.lpac.session import LpacCommand
    from lpa.notifications.delivery import Delivery
    from lpa.rsp.names import Eid

_LIST, _GET = "es10b_list_notification", "es10b_retrieve_notifications_list"
_SEND, _REMOVE = "es9p_handle_notification", "es10b_remove_notification_from_list"
_PARSE = "parse_notification"
_ALL = "\t -a All notifications"
_LONGEST_LINE = 2 * RECEIPT_BYTES  # characters: base64 and the other members


def listing(session: LpacCommand, _words: Sequence[str]) -> int:
    """The notifications on the card."""
    with session.card(_LIST, first_notifications()) as assistant:
        found = assistant.notifications()
    if found.unreadable:
        session.screen.say(f"{len(found.unreadable)} more on the card cannot be read.", "yellow")
    return session.answers.success(
        [
            {
                "seqNumber": one.sequence_number,
                "profileManagementOperation": one.event,
                "notificationAddress": one.address,
                "iccid": str(one.iccid) if one.iccid else None,
            }
            for one in found
        ]
    )


def process(session: LpacCommand, words: Sequence[str]) -> int:
    """Send notifications. With -r those that a server acknowledged are removed from the card."""
    from lpa.cli.lpac.sending import Sending

    usage = ("Usage: process [OPTIONS] [seqNumber_0] [seqNumber_1]...", _ALL, "\t -r Remove what was sent")
    options = parse(words, "ar", *usage)
    with session.sending(_LIST) as (assistant, servers):
        sending = Sending(assistant, servers)
        for number in _chosen(session, assistant, options):
            _process(session, sending, number, remove=options.has("r"))
    return session.answers.success()


def remove(session: LpacCommand, words: Sequence[str]) -> int:
    """Remove notifications from the card, sent or not. The receipt of each is kept first."""
    options = parse(words, "a", "Usage: remove [OPTIONS] [seqNumber_0] [seqNumber_1]...", _ALL)
    with session.card(_LIST) as assistant:
        for number in _chosen(session, assistant, options):
            session.answers.begin(_REMOVE, str(number))
            session.screen.may_change(
                "Interrupted while removing a notification.", "'lpac notification list' lists them."
            )
            removed = assistant.remove_notification(number)
            for receipt in assistant.receipts.numbered(assistant.eid, number):
                if receipt.notification.metadata == removed:
                    session.screen.say(
                        f"Notification {number} removed from the card. Receipt: {receipt.path}"
                    )
    return session.answers.success()


def dump(session: LpacCommand, words: Sequence[str]) -> int:
    """Print notifications as the card signed them, a line for each."""
    from lpa.notifications.on_card import OnCard

    options = parse(words, "a", "Usage: dump [OPTIONS] [seqNumber_0] [seqNumber_1]...", _ALL)
    with session.card(_GET) as assistant:
        on_card = OnCard(assistant.euicc)
        listed = [one.sequence_number for one in on_card.listed()] if options.has("a") else None
        for number in numbers(options.arguments) if listed is None else listed:
            found = on_card.signed(number)
            if found is None:
                raise Failed(_GET)
            session.answers.line(
                {
                    "type": "notification",
                    "eid": str(assistant.eid),
                    "seqNumber": number,
                    "notificationAddress": found.metadata.address,
                    "pendingNotification": base64.b64encode(found.raw).decode(),
                }
            )
    return SUCCEEDED


def replay(session: LpacCommand, _words: Sequence[str]) -> int:
    """Send the notifications that `dump` printed, from stdin. They have to be of the card in the reader."""
    from lpa.cli.lpac.sending import Sending
    from lpa.notifications.from_files import send_files
    from lpa.notifications.receipts import Receipt

    if sys.stdin.isatty():
        raise Failed(_PARSE, "Give the lines of 'notification dump' on stdin.")
    with session.sending(_PARSE) as (assistant, servers):
        queue = Sending(assistant, servers).queue
        for notification in _dumped(sys.stdin, assistant.eid):
            session.answers.begin(_SEND, str(notification.metadata.sequence_number))
            dumped = Receipt(Path("stdin"), notification)
            _require_acknowledged(session, notification, send_files(queue, assistant.receipts, [dumped]))
            session.answers.function = _PARSE
    return session.answers.success()


def _chosen(session: LpacCommand, assistant: Assistant, options: Options) -> list[int]:
    """The numbers that were given; with -a those on the card."""
    if not options.has("a"):
        return numbers(options.arguments)
    session.answers.begin(_LIST)
    return [one.sequence_number for one in assistant.notifications()]


def _process(session: LpacCommand, sending: Sending, number: int, *, remove: bool) -> None:
    answers = session.answers
    answers.begin(_GET, str(number))
    notification = sending.signed(number)
    if notification is None:
        raise Failed(_GET)
    answers.begin(_SEND, str(number))
    session.screen.may_change(
        "Interrupted while sending notifications: each is acknowledged, or still pending.",
        "'lpa notifications list' lists pending notifications.",
    )
    _require_acknowledged(session, notification, sending.send(notification))
    if remove:
        answers.begin(_REMOVE, str(number))
        sending.remove(notification)


def _require_acknowledged(
    session: LpacCommand, notification: Notification, deliveries: Iterable[Delivery]
) -> None:
    """Raise `Failed` if a server did not acknowledge it, or an earlier one that goes before it."""
    for delivery in deliveries:
        if delivery.problem and not delivery.acknowledged:
            if delivery.metadata != notification.metadata:
                session.screen.say(f"Notification {delivery.sequence_number} has to be sent first.")
            session.screen.problem(delivery.problem)
            raise Failed(_SEND, reason_of(_SEND, delivery.problem))


def _dumped(lines: Iterable[str], eid: Eid) -> Iterator[Notification]:
    """The notifications in lines of `dump`. Raises `Failed` for a line that holds none of this card."""
    for line in lines:
        if line.strip():
            yield _parsed(line, eid)


def _parsed(line: str, eid: Eid) -> Notification:
    if len(line) > _LONGEST_LINE:
        raise Failed(_PARSE, f"A line has more than {_LONGEST_LINE} characters.")
    try:
        members = json.loads(line)
    except (ValueError, RecursionError):
        raise Failed("cJSON_ParseWithLength") from None
    if not isinstance(members, dict) or members.get("type") != "notification":
        raise Failed(_PARSE, "A line is not one of 'notification dump'.")
    if members.get("eid") != str(eid):
        raise Failed(_PARSE, "A line is of another card than the one in the reader.")
    try:
        return Notification.from_tlv(base64.b64decode(str(members.get("pendingNotification")), validate=True))
    except (binascii.Error, BadAnswer):
        raise Failed(_PARSE, "A line has no signed notification.") from None
