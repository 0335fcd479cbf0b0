"""How a server learns what happened to its profile: keep -> send -> clear.

Law, for each notification: it is on our disk before it is sent, and the card forgets it only after the
server acknowledged it. Whatever goes wrong leaves it on the card, and everything can be done again: a server
that hears the same notification twice acknowledges it twice (SGP.22 §3.5).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from lpa.card.es10 import Euicc
from lpa.errors import BadAnswer, EuiccRefused, LpaError, Refused
from lpa.receipts import Receipt, Receipts
from lpa.rsp.names import Iccid, ServerAddress
from lpa.rsp.records import Notification, Profile

_log = logging.getLogger(__name__)


class Recipient(Protocol):
    """Who can be told: `lpa.server.es9.Server`."""

    def handle_notification(self, pending: bytes) -> None:
        """Return if the notification was acknowledged; raise an `LpaError` if it was not."""


Directory = Callable[[ServerAddress], Recipient]


@dataclass(frozen=True)
class Happening:
    """Something that was done to a profile, as it was before: "enable", "disable" or "delete"."""

    event: str
    profile: Profile

    @property
    def addresses(self) -> tuple[str, ...]:
        """The servers that the profile wants told, as far as the card said so."""
        return tuple(entry.address for entry in self.profile.notifications if self.event in entry.events)


@dataclass(frozen=True)
class Delivery:
    """What became of one notification.

    `sequence_number`: None if the card did not give the notification. `receipt`: the proof on disk.
    `acknowledged`: the server knows. `cleared`: the card forgot it. `problem`: what stopped it on that way.
    """

    event: str
    address: str
    iccid: Iccid | None
    sequence_number: int | None = None
    receipt: Receipt | None = None
    acknowledged: bool = False
    cleared: bool = False
    problem: LpaError | None = None


class Outbox:
    """One card's notifications on their way to the servers, for the length of one operation.

    A server that could not be reached is not tried again in it: its notifications go in order or not at all.
    """

    def __init__(self, euicc: Euicc, receipts: Receipts, directory: Directory) -> None:
        self.euicc = euicc
        self._receipts = receipts
        self._directory = directory
        self._silent: dict[str, LpaError] = {}

    def prepare(self) -> None:
        """Make sure that proofs can be kept. Raises `StorageFailed`: then change nothing on the card."""
        self._receipts.prepare(self.euicc.eid)

    def settle(self, happenings: Iterable[Happening]) -> tuple[Delivery, ...]:
        """Take what the card just signed about `happenings`, and deliver it. Raises nothing of ours.

        What was there before stays: it may belong to somebody who did not want it sent now.
        """
        happenings = tuple(happenings)
        try:
            signed = self._produced(happenings)
        except LpaError as problem:
            _log.debug("the notifications could not be taken from the card: %s", problem)
            return tuple(_not_taken(happenings, problem))
        return (*self.deliver(signed), *_missing(happenings, signed))

    def deliver(self, signed: Iterable[Notification]) -> tuple[Delivery, ...]:
        """Keep, send and clear each. One that fails does not stop the others. Raises nothing of ours.

        To each server in the order of the sequence numbers (§3.5).
        """
        in_order = sorted(signed, key=lambda notification: notification.metadata.sequence_number)
        return tuple(self._deliver(notification) for notification in in_order)

    def send_pending(self) -> tuple[Delivery, ...]:
        """Deliver everything that waits on the card, taken one by one: together it can be very long."""
        signed, unreadable = [], []
        for told in self.euicc.list_notifications():
            try:
                notification = self.euicc.retrieve_notification(told.sequence_number)
            except (BadAnswer, EuiccRefused) as problem:
                unreadable.append(
                    Delivery(told.event, told.address, told.iccid, told.sequence_number, problem=problem)
                )
            else:
                signed += [notification] if notification else []
        return (*self.deliver(signed), *unreadable)

    def _produced(self, happenings: tuple[Happening, ...]) -> list[Notification]:
        """What the card signed about these happenings: the newest for each profile, event and address.

        One that was kept before this operation is of an earlier one.
        """
        wanted = {(happening.profile.iccid, happening.event) for happening in happenings}
        newest: dict[tuple[Iccid, str, str], Notification] = {}
        for notification in self._signed({event for _, event in wanted}):
            told = notification.metadata
            key = (told.iccid, told.event)
            if told.iccid is None or key not in wanted or self._receipts.holds(self.euicc.eid, notification):
                continue
            known = newest.get((told.iccid, told.event, _normal(told.address)))
            if known is None or known.metadata.sequence_number < told.sequence_number:
                newest[told.iccid, told.event, _normal(told.address)] = notification
        return list(newest.values())

    def _signed(self, events: set[str]) -> Iterable[Notification]:
        """All signed notifications of `events`: at once where the card can, else one by one."""
        if not events:
            return []
        try:
            return self.euicc.retrieve_notifications(sorted(events))
        except (BadAnswer, EuiccRefused) as error:
            _log.debug("not all at once (%s), so one by one", error)
            listed = self.euicc.list_notifications()
            each = (self.euicc.retrieve_notification(told.sequence_number) for told in listed)
            return [notification for notification in each if notification]

    def _deliver(self, notification: Notification) -> Delivery:
        told = notification.metadata
        receipt, acknowledged, cleared, problem = None, False, False, None
        try:
            receipt = self._receipts.keep(self.euicc.eid, notification)
            self._send(notification)
            acknowledged = True
            self.euicc.notification_sent(told.sequence_number)
            cleared = True
        except LpaError as error:
            problem = error
        return Delivery(
            told.event,
            told.address,
            told.iccid,
            told.sequence_number,
            receipt,
            acknowledged,
            cleared,
            problem,
        )

    def _send(self, notification: Notification) -> None:
        address = _normal(notification.metadata.address)
        if address in self._silent:
            raise self._silent[address]
        try:
            self._directory(_parsed(notification.metadata.address)).handle_notification(notification.raw)
        except (Refused, BadAnswer):
            raise  # It speaks, and objects to this one; it may take the next.
        except LpaError as error:
            self._silent[address] = error
            raise


def _parsed(address: str) -> ServerAddress:
    try:
        return ServerAddress.parse(address)
    except ValueError as error:
        raise BadAnswer(
            f"The profile names no server that could be told: {error}.",
            advice="Tell the operator yourself; the receipt is your proof. "
            "'lpa notifications remove' takes this notification from the card.",
        ) from error


def _normal(address: str) -> str:
    return address.strip(" \0").rstrip(".").lower()


def _missing(happenings: tuple[Happening, ...], signed: list[Notification]) -> Iterator[Delivery]:
    """What the profiles wanted told and the card did not sign."""
    made = {(told.metadata.iccid, told.metadata.event, _normal(told.metadata.address)) for told in signed}
    for happening in happenings:
        for address in happening.addresses:
            if (happening.profile.iccid, happening.event, _normal(address)) not in made:
                problem = BadAnswer(
                    f"The card signed no notification for {address}, though the profile asks for one.",
                    advice="Look at 'lpa notifications list', and tell the operator yourself.",
                )
                yield Delivery(happening.event, address, happening.profile.iccid, problem=problem)


def _not_taken(happenings: tuple[Happening, ...], problem: LpaError) -> Iterator[Delivery]:
    for happening in happenings:
        for address in happening.addresses or ("",):
            yield Delivery(happening.event, address, happening.profile.iccid, problem=problem)
