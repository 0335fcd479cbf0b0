"""Send a signed notification to its server. Its bytes are enough: no card is needed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from lpa.advice.notifications import INFORM_WITH_RECEIPT, SEND_REST
from lpa.errors import BadAnswer, LpaError, Postponed, Refused
from lpa.rsp.limits import DELIVERY_SECONDS
from lpa.rsp.names import ServerAddress
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.rsp.records import Notification


class NotificationReceiver(Protocol):
    """A server that receives notifications: `lpa.server.es9.Server`."""

    def handle_notification(self, pending: bytes) -> Evidence:
        """Return the evidence if the server acknowledged; raise an `LpaError` if it did not."""

    def handshake(self) -> object:
        """Check that the server can be reached and proves its identity, and send nothing. Raise if not."""


Evidence = dict[str, str]  # of an acknowledgement: see `lpa.server.es9.Server.handle_notification`
CiPkIds = tuple[KeyIdentifier, ...]  # a card's trusted CI keys (euiccCiPKIdListForVerification, §5.7.8)


class ServerFactory(Protocol):
    """Makes the server of an address: `partial(lpa.server.es9.Server, https=...)`."""

    def __call__(self, address: ServerAddress, /, *, ci_pkids: CiPkIds) -> NotificationReceiver:
        """The server at `address`, for a card that trusts the CI keys in `ci_pkids`."""


class NotificationSender:
    """Sends notifications to their servers, one after the other.

    A server that could not be reached is not tried again: its notifications go in order or not at all. All
    servers together have DELIVERY_SECONDS, because a card may name a thousand that do not answer.
    """

    def __init__(self, servers: ServerFactory, clock: Callable[[], float] = time.monotonic) -> None:
        self._servers = servers
        self._clock = clock
        self._seconds_left = DELIVERY_SECONDS
        self._unreachable: dict[tuple[str, CiPkIds], LpaError] = {}

    def send(self, notification: Notification, ci_pkids: CiPkIds) -> Evidence:
        """Return the evidence if the server acknowledged it; raise an `LpaError` if it did not.

        `ci_pkids`: the trusted CI keys of the card that signed it. One of them must certify the server.
        """
        unreachable = self.unreachable_reason(notification, ci_pkids)
        if unreachable:
            raise unreachable
        try:
            with self._timed():
                receiver = self._servers(_parsed(notification.metadata.address), ci_pkids=ci_pkids)
                return receiver.handle_notification(notification.raw)
        except (Refused, BadAnswer):
            raise  # The server answered, and refused this one; it may accept the next.
        except LpaError as error:
            self.mark_unreachable(notification, ci_pkids, error)
            raise

    def mark_unreachable(self, notification: Notification, ci_pkids: CiPkIds, problem: LpaError) -> None:
        """Send nothing more to the server of `notification`: it must receive this one first."""
        self._unreachable[normalized(notification.metadata.address), ci_pkids] = problem

    def unreachable_reason(self, notification: Notification, ci_pkids: CiPkIds) -> LpaError | None:
        """Why this one is not tried: its server could not be reached, or no time is left. None if it is."""
        address = normalized(notification.metadata.address)
        return self._unreachable.get((address, ci_pkids)) or self._out_of_time()

    def check_reachable(self, address: str, ci_pkids: CiPkIds) -> LpaError | None:
        """What would keep a notification from this server now, None if nothing would."""
        out_of_time = self._out_of_time()
        if out_of_time:
            return out_of_time
        try:
            with self._timed():
                self._servers(_parsed(address), ci_pkids=ci_pkids).handshake()
        except LpaError as problem:
            return problem
        return None

    @contextlib.contextmanager
    def _timed(self) -> Iterator[None]:
        """Count the time of the block. Time in which a person thinks, between two servers, is not counted."""
        start = self._clock()
        try:
            yield
        finally:
            self._seconds_left -= self._clock() - start

    def _out_of_time(self) -> LpaError | None:
        if self._seconds_left > 0:
            return None
        return Postponed(
            f"The time limit of {DELIVERY_SECONDS:.0f} seconds for all servers together is used up.",
            advice=SEND_REST,
            reason="timeUsedUp",
        )


def normalized(address: str) -> str:
    """An address in a form that can be compared: operators write the same one in several ways."""
    return address.strip(" \0").rstrip(".").lower()


def _parsed(address: str) -> ServerAddress:
    try:
        return ServerAddress.parse(address)
    except ValueError as error:
        raise BadAnswer(
            f"The profile names no valid server: {error}.",
            advice=INFORM_WITH_RECEIPT,
            reason="noValidServer",
        ) from error
