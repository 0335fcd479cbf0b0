"""The journal: what must survive a crash, of operations on cards and of their notifications.

Law: a step is on the disk before it is taken, and its result as soon as it is known.
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
