"""The result of sending a notification, and the notifications that are pending."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, Self

from lpa.errors import LpaError
from lpa.journal import Entry
from lpa.notifications.receipts import Receipt
from lpa.rsp.facts import Fact, fact
from lpa.rsp.names import Iccid
from lpa.rsp.records import Notification, NotificationEvent, NotificationMetadata, only_event

# The reasons of a `Postponed`: the caller wants that it is not sent now, or not by itself; or it waits for an
# earlier one that is not sent by itself.
DELIVER_LATER: Final = "deliverLater"
DELIVER_NEVER: Final = "deliverNever"
WAITS_FOR_EARLIER: Final = "waitsForEarlier"


@fact
class Delivery(Fact):
    """The result of sending one notification.

    `sequence_number`: None if the card did not give the notification. `receipt`: the proof on disk.
    `acknowledged`: by the server. `removed`: from the card. `problem`: why it is not acknowledged, or not
    removed. `attempts`: how often it was sent so far. `next_try`: when it is sent again without being asked
    for; None if it was acknowledged, or is not sent by itself. `lost`: the signed notification no longer
    exists, so it cannot be sent.
    """

    events: tuple[NotificationEvent | str, ...]
    address: str
    iccid: Iccid | None
    sequence_number: int | None = None
    receipt: Receipt | None = None
    acknowledged: bool = False
    removed: bool = False
    problem: LpaError | None = None
    next_try: datetime | None = None
    attempts: int = 0
    lost: bool = False

    @property
    def event(self) -> NotificationEvent | str:
        """The event; a text such as "none" or "install+delete" if there is not exactly one."""
        return only_event(self.events)

    @property
    def withheld(self) -> bool:
        """Whether it was not sent because the caller wants that: `deliver` "later" or "never"."""
        return self.problem is not None and self.problem.reason in (DELIVER_LATER, DELIVER_NEVER)

    @property
    def metadata(self) -> NotificationMetadata:
        """What it reports, as the card lists it."""
        return NotificationMetadata(self.sequence_number or 0, self.events, self.address, self.iccid)

    @classmethod
    def of(
        cls,
        notification: Notification,
        *,
        receipt: Receipt | None = None,
        acknowledged: bool = False,
        removed: bool = False,
        problem: LpaError | None = None,
    ) -> Delivery:
        """Of this notification."""
        metadata = notification.metadata
        return cls(
            metadata.events,
            metadata.address,
            metadata.iccid,
            metadata.sequence_number,
            receipt,
            acknowledged,
            removed,
            problem,
        )


class Deliveries(tuple[Delivery, ...]):
    """The results of sending. `problem`: why the card does not say what is on it; None if it does."""

    problem: LpaError | None = None

    def raise_for_pending(self) -> None:
        """Raise what keeps the first unacknowledged notification pending, or the problem of the card.

        Returns if the servers acknowledged all. `outcome` of the error is this.
        """
        raise_for_pending(self, self, self.problem)

    def as_json(self) -> dict[str, Any]:
        """The `deliveries`, and the `problem` (null if there is none)."""
        problem = self.problem.to_json() if self.problem else None
        return {"deliveries": [one.as_json() for one in self], "problem": problem}

    @classmethod
    def from_json(cls, value: object) -> Self:
        """What `as_json` made this of. Raises ValueError, which says what is wrong, and where."""
        if not isinstance(value, dict) or not isinstance(value.get("deliveries"), list):
            raise ValueError("deliveries are an object with a list of 'deliveries'")  # noqa: TRY004 (JSON)
        problem = value.get("problem")
        return cls.of(
            map(Delivery.from_json, value["deliveries"]),
            None if problem is None else LpaError.from_json(problem),
        )

    @classmethod
    def of(cls, deliveries: Iterable[Delivery], problem: LpaError | None = None) -> Self:
        """These, with the problem of the card."""
        made = cls(deliveries)
        made.problem = problem
        return made


@fact
class PendingNotification(Fact):
    """A notification that no server has acknowledged, and when it is retried.

    `next_try`: None if it is not sent by itself, because that was asked for (`entry.held`), or because it
    waits for an earlier one of its card for its server that is not sent by itself.
    """

    entry: Entry
    next_try: datetime | None


def raise_for_pending(deliveries: Iterable[Delivery], outcome: object, other: LpaError | None = None) -> None:
    """Raise the problem of the first that is not acknowledged, else `other` if there is one.

    `outcome`: what the error is to have as such.
    """
    problems = (one.problem for one in deliveries if not one.acknowledged)
    problem = next(filter(None, problems), other)
    if problem:
        problem.outcome = outcome
        raise problem
