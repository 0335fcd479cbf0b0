"""Send the notifications of a card that are chosen by their numbers, and no others than must go before them.

Law: a server receives the notifications of a card in the order of their sequence numbers (§3.5). So the
earlier ones that are pending for the same server are sent first, also those that are not sent by themselves.
If it is not known which these are, or the card does not give one, nothing is sent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from lpa.advice.notifications import LIST_NOTIFICATIONS, SEND_READABLE
from lpa.errors import BadAnswer, EuiccRefused, Refused
from lpa.notifications import collection
from lpa.notifications.card_context import CardContext
from lpa.notifications.delivery import Deliveries
from lpa.notifications.on_card import OnCard
from lpa.notifications.outbox import Outbox
from lpa.notifications.sender import normalized
from lpa.rsp.arguments import expect
from lpa.rsp.listing import Listing
from lpa.rsp.records import NotificationMetadata

_FUNCTION = "RetrieveNotificationsList"
_UNKNOWN, _EARLIER = "noResultAvailable", "earlierUnreadable"


def send(card: CardContext, outbox: Outbox, numbers: Iterable[int]) -> Deliveries:
    """Send those with these sequence numbers, due or not: what is on the card, or kept here of it.

    Raises `Refused`, before anything is sent, if one is in neither place, or cannot be sent in its order.
    """
    numbers = frozenset(numbers)
    for number in numbers:
        expect("a number in only", number, int)
    with card.journal.lock(card.eid):
        on_card = OnCard(card.euicc)
        listed, kept = _listed(on_card), card.journal.outbox(card.eid)
        metadata = [*(entry.notification.metadata for entry in kept), *listed]
        _refuse_unknown(numbers, metadata)
        acknowledged = [entry.notification.metadata for entry in kept if entry.sent is not None]
        chosen = [
            one
            for one in _with_earlier(numbers, metadata)
            if one.sequence_number in numbers or one not in acknowledged
        ]
        found = collection.read_all(on_card, [one for one in listed if one in chosen])
        for unread, problem in found.unread:
            raise _not_in_order(f"Notification {unread.sequence_number} cannot be read. {problem.message}")
        new = outbox.take(found.signed, kept)
        entries = [entry for entry in kept if entry.notification.metadata in chosen]
        return Deliveries.of(outbox.deliver([*entries, *new]))


def _listed(on_card: OnCard) -> Listing[NotificationMetadata]:
    """What is on the card. Raises `Refused` if that is not known: it may have to be sent first."""
    try:
        listed = on_card.listed()
    except (BadAnswer, EuiccRefused) as problem:
        raise _not_in_order(problem.message) from problem
    if listed.unreadable:
        raise _not_in_order("The card lists a notification that cannot be read.")
    return listed


def _refuse_unknown(numbers: Collection[int], metadata: Iterable[NotificationMetadata]) -> None:
    known = {one.sequence_number for one in metadata}
    unknown = sorted(number for number in numbers if number not in known)
    if unknown:
        which = " or ".join(map(str, unknown))
        raise Refused(
            _FUNCTION,
            _UNKNOWN,
            f"There is no pending notification {which} on the card or on this computer. Nothing was sent.",
            advice=LIST_NOTIFICATIONS,
        )


def _with_earlier(
    numbers: Collection[int], metadata: Iterable[NotificationMetadata]
) -> list[NotificationMetadata]:
    """Those with these numbers, and the earlier ones for the same servers."""
    metadata = tuple(metadata)
    last: dict[str, int] = {}
    for one in metadata:
        if one.sequence_number in numbers:
            address = normalized(one.address)
            last[address] = max(one.sequence_number, last.get(address, 0))
    return [
        one
        for one in metadata
        if one.sequence_number in numbers or one.sequence_number < last.get(normalized(one.address), 0)
    ]


def _not_in_order(why: str) -> Refused:
    return Refused(
        _FUNCTION,
        _EARLIER,
        f"{why} Nothing was sent: a server must receive the notifications of a card in their order.",
        advice=SEND_READABLE,
    )
