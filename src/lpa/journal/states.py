"""The states of an operation. They are written to the disk, so their meaning never changes.

A state in -ING is on the disk before the card is asked, and the next one as soon as the card answered; it is
UNKNOWN if the answer was lost. While only notifications are pending, it is PROOF_KEPT. SENT and REMOVED are
never written: they are derived from the notifications. If nothing was changed, CLOSED follows at once.
"""

PLANNED = "PLANNED"
# Written before the card is asked.
ENABLING, DISABLING, DELETING, LOADING = "ENABLING", "DISABLING", "DELETING", "LOADING"
ASKING = (ENABLING, DISABLING, DELETING, LOADING)
# Written when the card answered, or when its answer was lost.
ENABLED, DISABLED, DELETED, INSTALLED = "ENABLED", "DISABLED", "DELETED", "INSTALLED"
UNKNOWN = "UNKNOWN"
# All that the card signed about it is on the disk.
PROOF_KEPT = "PROOF_KEPT"
# Every server acknowledged; everything is removed from the card. Derived from the notifications.
SENT, REMOVED = "SENT", "REMOVED"
# Nothing remains to be done.
CLOSED = "CLOSED"

# The states that may follow each state. After a crash, recovery writes the state that the card shows.
NEXT = {
    PLANNED: (ENABLING, DISABLING, DELETING, LOADING, CLOSED),
    ENABLING: (ENABLED, UNKNOWN, CLOSED),
    DISABLING: (DISABLED, UNKNOWN, CLOSED),
    DELETING: (DELETED, DISABLED, UNKNOWN, CLOSED),
    LOADING: (INSTALLED, PROOF_KEPT, UNKNOWN, CLOSED),
    UNKNOWN: (ENABLED, DISABLED, DELETED, INSTALLED, PROOF_KEPT, CLOSED),
    ENABLED: (PROOF_KEPT,),
    DISABLED: (DELETING, PROOF_KEPT),
    DELETED: (PROOF_KEPT,),
    INSTALLED: (PROOF_KEPT,),
    PROOF_KEPT: (SENT, CLOSED),
    SENT: (REMOVED,),
    REMOVED: (CLOSED,),
}
