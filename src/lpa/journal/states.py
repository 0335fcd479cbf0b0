"""Where an operation stands. The words are written to the disk, so they never change their meaning.

```
PLANNED -> ENABLING  -> ENABLED  -+
PLANNED -> DISABLING -> DISABLED -+-> PROOF_KEPT -> SENT -> REMOVED -> CLOSED
PLANNED -> DELETING  -> DELETED  -+
PLANNED -> LOADING   -> INSTALLED +
```
A deletion of the profile in use has DISABLING and DISABLED before DELETING. UNKNOWN stands for the middle
word if the card no longer said what became of it. Where nothing was changed, CLOSED follows at once.
"""

PLANNED = "PLANNED"
# Written before the card is asked.
ENABLING, DISABLING, DELETING = "ENABLING", "DISABLING", "DELETING"
LOADING = "LOADING"
# Written when the card answered, or when it no longer does.
ENABLED, DISABLED, DELETED, UNKNOWN = "ENABLED", "DISABLED", "DELETED", "UNKNOWN"
INSTALLED = "INSTALLED"
# All that the card signed about it is on the disk.
PROOF_KEPT = "PROOF_KEPT"
# Every server acknowledged; the card has forgotten all. Never written: each notification has that itself.
SENT, REMOVED = "SENT", "REMOVED"
# Nothing remains to be done.
CLOSED = "CLOSED"
