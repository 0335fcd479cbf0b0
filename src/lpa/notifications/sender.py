"""The way of a signed notification to its server. Its bytes are enough for that: no card is needed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from lpa.errors import BadAnswer, LpaError, Postponed, Refused
from lpa.rsp.limits import DELIVERY_SECONDS
from lpa.rsp.names import ServerAddress
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.rsp.records import Notification


class NotificationReceiver(Protocol):
    """Who can be told: `lpa.server.es9.Server`."""

    def handle_notification(self, pending: bytes) -> Evidence:
        """Return if the notification was acknowledged, with how; raise an `LpaError` if it was not."""

    def handshake(self) -> object:
        """Return if it can be reached and proves who it is; raise an `LpaError` if not. Tell it nothing."""


Evidence = dict[str, str]  # how a server acknowledged: see `lpa.server.es9.Server.handle_notification`
CiPkIds = tuple[KeyIdentifier, ...]  # a card's list: by which issuers it verifies servers (§5.7.8)


class ServerFactory(Protocol):
    """From a server's address to the server: `partial(lpa.server.es9.Server, https=...)`."""

    def __call__(self, address: ServerAddress, /, *, ci_pkids: CiPkIds) -> NotificationReceiver:
        """The server at `address`, for a card that believes the issuers in `ci_pkids`."""


class NotificationSender:
    """Takes notifications to their servers, one after the other.

    A server that could not be reached is not tried again: its notifications go in order or not at all. And
    all of them together have DELIVERY_SECONDS: a card may name a thousand servers that are silent.
    """

    def __init__(self, servers: ServerFactory, clock: Callable[[], float] = time.monotonic) -> None:
        self._servers = servers
        self._clock = clock
        self._left = DELIVERY_SECONDS
        self._silent: dict[tuple[str, CiPkIds], LpaError] = {}

    def send(self, notification: Notification, ci_pkids: CiPkIds) -> Evidence:
        """Return if the server acknowledged it, with how; raise an `LpaError` if it did not.

        `ci_pkids`: the issuers on the list of the card that signed it, who vouch for the server.
        """
        silent = self.unreachable_reason(notification, ci_pkids)
        if silent:
            raise silent
        try:
            with self._timed():
                receiver = self._servers(_parsed(notification.metadata.address), ci_pkids=ci_pkids)
                return receiver.handle_notification(notification.raw)
        except (Refused, BadAnswer):
            raise  # It speaks, and objects to this one; it may take the next.
        except LpaError as error:
            self.mark_unreachable(notification, ci_pkids, error)
            raise

    def mark_unreachable(self, notification: Notification, ci_pkids: CiPkIds, problem: LpaError) -> None:
        """Take nothing more to the server of this one, which has to hear of it before the younger ones."""
        self._silent[normal(notification.metadata.address), ci_pkids] = problem

    def unreachable_reason(self, notification: Notification, ci_pkids: CiPkIds) -> LpaError | None:
        """Why this one will not even be tried: its server could not be reached before, or no time is left."""
        silent = self._silent.get((normal(notification.metadata.address), ci_pkids))
        return silent or self._lateness()

    def check_reachable(self, address: str, ci_pkids: CiPkIds) -> LpaError | None:
        """What would keep a notification from this server now, None if nothing would."""
        late = self._lateness()
        if late:
            return late
        try:
            with self._timed():
                self._servers(_parsed(address), ci_pkids=ci_pkids).handshake()
        except LpaError as problem:
            return problem
        return None

    @contextlib.contextmanager
    def _timed(self) -> Iterator[None]:
        """What takes its time from what all may take. Waiting for a person does not."""
        begun = self._clock()
        try:
            yield
        finally:
            self._left -= self._clock() - begun

    def _lateness(self) -> LpaError | None:
        if self._left > 0:
            return None
        return Postponed(
            f"This one was not tried: the servers before it took {DELIVERY_SECONDS:.0f} seconds together.",
            advice="It is kept. 'lpa notifications send' goes on with it.",
        )


def normal(address: str) -> str:
    """An address as it can be compared: operators write the same one in several ways."""
    return address.strip(" \0").rstrip(".").lower()


def _parsed(address: str) -> ServerAddress:
    try:
        return ServerAddress.parse(address)
    except ValueError as error:
        raise BadAnswer(
            f"The profile names no server that could be told: {error}.",
            advice="Tell the operator yourself; the receipt is your proof. "
            "'lpa notifications remove' takes this notification from the card.",
        ) from error
