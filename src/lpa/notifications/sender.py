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


class Recipient(Protocol):
    """Who can be told: `lpa.server.es9.Server`."""

    def handle_notification(self, pending: bytes) -> Evidence:
        """Return if the notification was acknowledged, with how; raise an `LpaError` if it was not."""

    def greet(self) -> object:
        """Return if it can be reached and proves who it is; raise an `LpaError` if not. Tell it nothing."""


Evidence = dict[str, str]  # how a server acknowledged: see `lpa.server.es9.Server.handle_notification`
Believed = tuple[KeyIdentifier, ...]  # a card's list: by which issuers it verifies servers (§5.7.8)


class Directory(Protocol):
    """From a server's address to the server: `partial(lpa.server.es9.Server, https=...)`."""

    def __call__(self, address: ServerAddress, /, *, believed: Believed) -> Recipient:
        """The server at `address`, for a card that believes the issuers in `believed`."""


class Courier:
    """Takes notifications to their servers, one after the other.

    A server that could not be reached is not tried again: its notifications go in order or not at all. And
    all of them together have DELIVERY_SECONDS: a card may name a thousand servers that are silent.
    """

    def __init__(self, directory: Directory, clock: Callable[[], float] = time.monotonic) -> None:
        self._directory = directory
        self._clock = clock
        self._left = DELIVERY_SECONDS
        self._silent: dict[tuple[str, Believed], LpaError] = {}

    def send(self, notification: Notification, believed: Believed) -> Evidence:
        """Return if the server acknowledged it, with how; raise an `LpaError` if it did not.

        `believed`: the issuers on the list of the card that signed it, who vouch for the server.
        """
        silent = self.silence(notification, believed)
        if silent:
            raise silent
        try:
            with self._timed():
                recipient = self._directory(_parsed(notification.metadata.address), believed=believed)
                return recipient.handle_notification(notification.raw)
        except (Refused, BadAnswer):
            raise  # It speaks, and objects to this one; it may take the next.
        except LpaError as error:
            self.hold(notification, believed, error)
            raise

    def hold(self, notification: Notification, believed: Believed, problem: LpaError) -> None:
        """Take nothing more to the server of this one, which has to hear of it before the younger ones."""
        self._silent[normal(notification.metadata.address), believed] = problem

    def silence(self, notification: Notification, believed: Believed) -> LpaError | None:
        """Why this one will not even be tried: its server could not be reached before, or no time is left."""
        silent = self._silent.get((normal(notification.metadata.address), believed))
        return silent or self._lateness()

    def obstacle(self, address: str, believed: Believed) -> LpaError | None:
        """What would keep a notification from this server now, None if nothing would."""
        late = self._lateness()
        if late:
            return late
        try:
            with self._timed():
                self._directory(_parsed(address), believed=believed).greet()
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
