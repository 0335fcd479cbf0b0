"""The states of an operation. They are written to the disk, so their meaning never changes.

```
PLANNED -> ENABLING  -> ENABLED  -+
PLANNED -> DISABLING -> DISABLED -+-> PROOF_KEPT -> SENT -> REMOVED -> CLOSED
PLANNED -> DELETING  -> DELETED  -+
PLANNED -> LOADING   -> INSTALLED +
```
A deletion of the enabled profile passes DISABLING and DISABLED before DELETING. UNKNOWN takes the place of
ENABLED, DISABLED or DELETED if the card's answer was lost. If nothing was changed, CLOSED follows at once.
"""

PLANNED = "PLANNED"
# Written before the card is asked.
ENABLING, DISABLING, DELETING = "ENABLING", "DISABLING", "DELETING"
LOADING = "LOADING"
# Written when the card answered, or when its answer was lost.
ENABLED, DISABLED, DELETED, UNKNOWN = "ENABLED", "DISABLED", "DELETED", "UNKNOWN"
INSTALLED = "INSTALLED"
# All that the card signed about it is on the disk.
PROOF_KEPT = "PROOF_KEPT"
# Every server acknowledged; all are removed from the card. Never written: derived from the notifications.
SENT, REMOVED = "SENT", "REMOVED"
# Nothing remains to be done.
CLOSED = "CLOSED"
