"""What this computer recorded about a receipt: when it was kept, why, and who acknowledged it.

As facts for the screen, as members of a document, and as the record on a page.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lpa.notifications.verification import ReferenceTime
from lpa.pages.receipt_page import Record, evidence
from lpa.pages.texts import Words

if TYPE_CHECKING:
    from lpa.cli.cells import Facts
    from lpa.journal import Entry, OperationRecord


@dataclass(frozen=True)
class Provenance:
    """The notification's entry in the journal and the operation it is about; None where none is recorded."""

    entry: Entry | None = None
    operation: OperationRecord | None = None

    def reference_time(self, given: datetime | None) -> ReferenceTime | None:
        """The time at which the certificates must be valid: `given`, else when the receipt was kept here."""
        if given:
            return ReferenceTime(given, "given")
        return ReferenceTime(datetime.fromtimestamp(self.entry.kept, UTC), "kept") if self.entry else None

    @property
    def record(self) -> Record:
        """For the page of the receipt."""
        operation = self.operation
        if operation is None:
            return Record(self.delivery)
        before, after = operation.memory_before, operation.memory_after
        memory = (before, after) if before is not None and after is not None else None
        operator = operation.profile.service_provider if operation.profile else ""
        return Record(self.delivery, memory, operator, operation.reason)

    def members(self) -> dict[str, object]:
        """For a document."""
        entry, operation = self.entry, self.operation
        evidence: dict[str, object] = dict(entry.evidence) if entry else {}
        if "http_status" in evidence:
            evidence["http_status"] = int(str(evidence["http_status"]))
        return {
            "kept": _moment(entry.kept if entry else None),
            "acknowledged": _moment(entry.sent if entry else None),
            "abandoned": _moment(entry.abandoned if entry else None),
            "last_problem": entry.problem if entry else "",
            "evidence": evidence,
            "operation": operation.function if operation else None,
            "operator": operation.profile.service_provider if operation and operation.profile else "",
            "reason": operation.reason if operation else "",
            "free_memory_before": operation.memory_before if operation else None,
            "free_memory_after": operation.memory_after if operation else None,
        }

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
        words, record = Words("en"), self.record
        yield "Operator", record.operator
        yield "Reason", record.reason
        if record.memory:
            before, after = (size // 1024 for size in record.memory)
            yield "Free memory", f"{before} KiB before, {after} KiB after"
        for _, label, value in evidence(words, self.delivery):
            yield label, value
        if self.entry and not self.entry.sent:
            problem = f"; last problem: {self.entry.problem}" if self.entry.problem else ""
            held = "; it is sent only by 'lpa notifications send'" if self.entry.held else ""
            yield "Acknowledged", f"not yet{held}{problem}"


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _time(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC).astimezone():%Y-%m-%d %H:%M:%S%z}"
