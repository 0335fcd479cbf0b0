"""What this computer noted of a receipt beside its bytes: when it was kept, why, and who acknowledged it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lpa.cli.console import Console
from lpa.cli.screen import Facts
from lpa.errors import StorageFailed
from lpa.notifications.receipts import Receipt
from lpa.notifications.verification import ReferenceTime
from lpa.pages.receipt_page import Witnessed, evidence
from lpa.pages.texts import Words
from lpa.rsp.names import Eid

if TYPE_CHECKING:
    from lpa.journal import Entry, OperationRecord


@dataclass(frozen=True)
class Provenance:
    """The notification's way, and the operation that it tells of; None where nothing was noted."""

    entry: Entry | None = None
    story: OperationRecord | None = None

    @classmethod
    def of(cls, console: Console, eid: Eid | None, receipt: Receipt) -> Provenance:
        """What the journal says of a receipt of the card `eid`; nothing if it is none of those kept here.

        Nothing either if it cannot be read, which is said: the proof is the receipt, and needs no journal.
        """
        if eid is None or eid not in console.receipts().eids():
            return cls()
        try:
            with closing(console.journal()) as journal:
                told = receipt.notification
                return cls(journal.entry(eid, told), journal.record_of(eid, told))
        except StorageFailed as problem:
            console.screen.say(f"What this computer noted of it is left out. {problem.message}", "yellow")
            return cls()

    def moment(self, given: datetime | None) -> ReferenceTime | None:
        """For when its certificates are asked: the time that a person gave, else when it was kept here."""
        if given:
            return ReferenceTime(given, "given")
        return ReferenceTime(datetime.fromtimestamp(self.entry.kept, UTC), "kept") if self.entry else None

    @property
    def noted(self) -> Witnessed:
        """For the page of the receipt."""
        story = self.story
        if story is None:
            return Witnessed(self.delivery)
        before, after = story.memory_before, story.memory_after
        memory = (before, after) if before is not None and after is not None else None
        operator = story.profile.service_provider if story.profile else ""
        return Witnessed(self.delivery, memory, operator, story.reason)

    @property
    def delivery(self) -> dict[str, str]:
        """The evidence by name: when it was taken from the card, when and how a server acknowledged it."""
        if self.entry is None:
            return {}
        times = {"kept": self.entry.kept, "acknowledged": self.entry.sent, "abandoned": self.entry.abandoned}
        return {name: _time(when) for name, when in times.items() if when} | self.entry.evidence

    def facts(self) -> Facts:
        """For the screen."""
        return [*self._facts()]

    def _facts(self) -> Iterator[tuple[str, str]]:
        words, noted = Words("en"), self.noted
        yield "Operator", noted.operator
        yield "Reason", noted.reason
        if noted.memory:
            before, after = (size // 1024 for size in noted.memory)
            yield "Free memory", f"{before} KiB before, {after} KiB after"
        for _, label, told in evidence(words, self.delivery):
            yield label, told
        if self.entry and not self.entry.sent:
            yield (
                "Acknowledged",
                "not yet" + (f"; last problem: {self.entry.problem}" if self.entry.problem else ""),
            )


def _time(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC).astimezone():%Y-%m-%d %H:%M:%S%z}"
