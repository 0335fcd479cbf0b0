"""The notifications on a card: what it lists, and each as it was signed, however the card gives them.

Law: what a card lists and does not give is unread, and never taken for absent. Some cards from shops refuse
ListNotification, and others answer RetrieveNotificationsList with a refusal or an empty list if it has a
criterion. Without one, all give everything.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import partial

from lpa import redaction
from lpa.card.es10 import Euicc
from lpa.errors import BadAnswer, EuiccRefused, NotVerified
from lpa.rsp.listing import Listing
from lpa.rsp.names import Eid
from lpa.rsp.records import Notification, NotificationMetadata

_log = redaction.logger(__name__)

# "Unknown data object": some cards answer this when no notification is pending, others always.
_UNKNOWN_DATA = 0x6A88

CardProblem = BadAnswer | EuiccRefused


class OnCard:
    """One reading of the notifications on a card. What the card signs later is not in it.

    If the connection breaks off once, the card is reset and asked again: nothing here changes it.
    """

    def __init__(self, euicc: Euicc) -> None:
        self._euicc = euicc
        self._listed: Listing[NotificationMetadata] | None = None
        self._whole: Listing[Notification] | CardProblem | None = None  # what it gives without a criterion
        self._given: dict[int, Notification] = {}  # by their numbers
        self._last = euicc.last_number

    @property
    def eid(self) -> Eid:
        """The card's number."""
        return self._euicc.eid

    def listed(self) -> Listing[NotificationMetadata]:
        """What is on the card. Raises `BadAnswer` or `EuiccRefused` if the card does not say it."""
        if self._listed is None:
            self._listed = self._list()
        return self._listed

    def new(self, count: int) -> tuple[Notification, ...]:
        """What the card has signed since it was last asked in this session, without a list: `count` of them.

        All that it gives if it listed none then; else those with the next numbers, as far as it has them.
        Fewer or none if the numbers are not known: then only a list tells. Raises a `WireError`.
        """
        if self._last is None or not count:
            return ()
        if self._last < 0:
            whole = self._everything()
            return tuple(whole) if isinstance(whole, Listing) and not whole.unreadable else ()
        found = []
        for number in range(self._last + 1, self._last + 1 + count):
            given = self._in_whole(number) or self._asked_by_number(number)[0]
            if given is None:
                break
            found.append(given)
        return tuple(found)

    def signed(self, number: int) -> Notification | None:
        """The signed notification with this number; None if the card does not have it.

        Raises `BadAnswer` or `EuiccRefused` if the card lists it and does not give it.
        """
        found, problem = self._in_whole(number), None
        if found is None:
            found, problem = self._asked_by_number(number)
        if found is None and self._lists(number, problem):
            found = self._in_everything(number, problem)
        return found

    def _list(self) -> Listing[NotificationMetadata]:
        try:
            return self._euicc.read_again(self._euicc.list_notifications)
        except (BadAnswer, EuiccRefused) as refused:
            whole = self._everything()
            if isinstance(whole, Listing):
                _log.debug("the card does not list its notifications (%s), but gives them all", refused)
                listed = Listing(notification.metadata for notification in whole)
                listed.unreadable = whole.unreadable
                return listed
            if _says_unknown(refused) and _says_unknown(whole):
                return Listing()
            refused.add("The card does not say which notifications are on it.")
            raise

    def _everything(self) -> Listing[Notification] | CardProblem:
        """All signed notifications, or why the card does not give them: asked for once."""
        if self._whole is None:
            try:
                self._whole = self._euicc.read_again(self._euicc.retrieve_notifications)
            except (BadAnswer, EuiccRefused) as error:
                self._whole = error
        return self._whole

    def _asked_by_number(self, number: int) -> tuple[Notification | None, CardProblem | None]:
        try:
            given = self._euicc.read_again(partial(self._euicc.retrieve_notification, number))
        except (BadAnswer, EuiccRefused) as problem:
            return None, problem
        if given:
            self._given[number] = given
        return given, None

    def _lists(self, number: int, problem: CardProblem | None) -> bool:
        """Whether the card lists this number. Raises `problem` if it may be an item that cannot be read."""
        listed = self.listed()
        if any(item.sequence_number == number for item in listed):
            return True
        if problem and listed.unreadable:
            raise problem
        return False

    def _in_everything(self, number: int, problem: CardProblem | None) -> Notification:
        _log.debug("the card does not give notification %d by its number: %s", number, problem)
        whole = self._everything()
        found = self._in_whole(number)
        if found:
            return found
        if isinstance(whole, Listing):
            raise problem or BadAnswer(f"The card lists notification {number} and does not give it.")
        raise problem or whole

    def _in_whole(self, number: int) -> Notification | None:
        whole = self._whole if isinstance(self._whole, Listing) else ()
        in_whole = (item for item in whole if item.metadata.sequence_number == number)
        return self._given.get(number) or next(in_whole, None)


def certified_card(signed: Iterable[Notification]) -> Eid | None:
    """The EID in the certificate of the first of `signed` that has one; None if none has."""
    from lpa.rsp.pki import chain  # noqa: PLC0415  (it loads cryptography)

    for notification in signed:
        with suppress(BadAnswer, NotVerified):
            return chain.claimed_card(notification)
    return None


def _says_unknown(problem: CardProblem) -> bool:
    return isinstance(problem, BadAnswer) and problem.sw == _UNKNOWN_DATA
