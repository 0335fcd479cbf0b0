"""Where an operation stands. The states are written to the disk, so they never change their meaning.

A state in -ING is on the disk before the card is asked, the one after it once the card answered. UNKNOWN
stands for that one if the answer was lost. What only waits for its server is PROOF_KEPT; SENT and REMOVED are
never written: each notification knows that itself. CLOSED follows at once where nothing was changed.
"""

PLANNED = "PLANNED"
# Written before the card is asked.
ENABLING, DISABLING, DELETING, LOADING = "ENABLING", "DISABLING", "DELETING", "LOADING"
# Written when the card answered, or when it no longer does.
ENABLED, DISABLED, DELETED, INSTALLED = "ENABLED", "DISABLED", "DELETED", "INSTALLED"
UNKNOWN = "UNKNOWN"
# All that the card signed about it is on the disk.
PROOF_KEPT = "PROOF_KEPT"
# Every server acknowledged; everything is removed from the card. Read from the notifications.
SENT, REMOVED = "SENT", "REMOVED"
# Nothing remains to be done.
CLOSED = "CLOSED"

# What may follow each state. After a crash recovery writes the state that the card shows.
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
