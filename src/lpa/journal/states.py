"""Where an operation stands. The words are written to the disk, so they never change their meaning."""

# The first three are written before what they name, the others after it.
PLANNED, SWITCHING, DELETING = "PLANNED", "SWITCHING", "DELETING"
CHANGED, UNKNOWN, PROOF_KEPT, CLOSED = "CHANGED", "UNKNOWN", "PROOF_KEPT", "CLOSED"
