"""What must survive a crash: operations that were begun, and notifications on their way to a server.

Law: a line is on the disk before the step that it announces, and after the answer that it reports.
"""

from lpa.journal.entries import Entry, LostNotification, OperationRecord
from lpa.journal.journal import Journal
from lpa.journal.operation import Operation
from lpa.journal.states import (
    CLOSED,
    DELETED,
    DELETING,
    DISABLED,
    DISABLING,
    ENABLED,
    ENABLING,
    INSTALLED,
    LOADING,
    PLANNED,
    PROOF_KEPT,
    REMOVED,
    SENT,
    UNKNOWN,
)

__all__ = [
    "CLOSED",
    "DELETED",
    "DELETING",
    "DISABLED",
    "DISABLING",
    "ENABLED",
    "ENABLING",
    "INSTALLED",
    "LOADING",
    "PLANNED",
    "PROOF_KEPT",
    "REMOVED",
    "SENT",
    "UNKNOWN",
    "Entry",
    "Journal",
    "LostNotification",
    "Operation",
    "OperationRecord",
]
