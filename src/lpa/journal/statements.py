"""The longer SQL statements of the journal."""

from __future__ import annotations

# The columns of an `Operation`, an `Entry` and a `LostNotification`, in the order in which they are read.
OPERATION = (
    "id, eid, function, before, state, begun, target, memory_before, memory_after, transaction_id, deliver"
)
ENTRY = (
    "eid, signed, kept, attempts, next_try, problem, sent, evidence, removed, objected, abandoned, ci_pkids,"
    " held"
)
LOST = "eid, iccid, title, event, address, noticed"

# Not acknowledged, or not yet removed from its card. One without a card is finished when it is acknowledged.
IN_OUTBOX = "(sent IS NULL OR removed IS NULL AND eid != '') AND abandoned IS NULL"

# One notification. An index has the number; of the few with that number the bytes are compared.
THIS = "sequence = ? AND signed = ?"
THIS_OF_CARD = f"eid = ? AND {THIS}"

# Of one card, or of all if the second value is NULL.
UNFINISHED = "state != 'CLOSED' AND NOT completed AND (eid = ? OR ? IS NULL)"

# What is pending, as the indexes have it: see `clean_close`.
PENDING = (
    f"SELECT eid, sequence, rowid FROM notification INDEXED BY outbox WHERE {IN_OUTBOX} ORDER BY 1, 2",  # noqa: S608  (no text from outside)
    "SELECT eid, rowid FROM operation INDEXED BY not_closed WHERE state != 'CLOSED' ORDER BY 1, 2",
)

SET_STATE = "UPDATE operation SET state = ?, outcome = ?, changed = ? WHERE id = ?"
COMPLETE = f"""
    UPDATE operation SET completed = 1, outcome = ?, memory_after = ?, changed = ?, state =
    CASE WHEN EXISTS (SELECT 1 FROM notification WHERE operation = operation.id AND {IN_OUTBOX})
    THEN state ELSE 'CLOSED' END WHERE id = ?
"""  # noqa: S608  (no text from outside)
INSERT_LOST = f"INSERT INTO lost_notification ({LOST}, operation) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608  (our columns)

NO_CARD = ""  # the EID of a notification whose card is unknown

_LATEST = "(SELECT coalesce(max(id), 0) FROM operation WHERE eid = :eid)"
KEEP = f"""
    INSERT INTO notification (eid, sequence, signed, operation, ci_pkids, kept, during, held)
    VALUES (:eid, :sequence, :signed, :operation, :ci_pkids, :now, {_LATEST}, :held)
    ON CONFLICT DO UPDATE SET operation = coalesce(operation, excluded.operation),
    held = CASE WHEN sent IS NULL THEN max(held, excluded.held) ELSE held END
    WHERE operation IS NULL OR (excluded.held > held AND sent IS NULL)
"""  # noqa: S608  (no text from outside)
# A card gives a notification that had come in a file before: it belongs to that card from now on.
ASSIGN_CARD = f"""
    UPDATE OR IGNORE notification SET eid = :eid, ci_pkids = :ci_pkids, during = {_LATEST}
    WHERE eid = '' AND sequence = :sequence AND signed = :signed
"""  # noqa: S608  (no text from outside)

# PROOF_KEPT is the last state that is written before CLOSED. SENT and REMOVED follow from the notifications'
# own columns: they are derived, never written, so the two cannot contradict each other.
STATE = f"""
    CASE WHEN state != 'PROOF_KEPT' THEN state
    WHEN EXISTS (SELECT 1 FROM notification AS n WHERE n.operation = o.id AND n.sent IS NULL
        AND n.abandoned IS NULL) THEN 'PROOF_KEPT'
    WHEN EXISTS (SELECT 1 FROM notification AS n WHERE n.operation = o.id AND {IN_OUTBOX}) THEN 'SENT'
    ELSE 'REMOVED' END
"""  # noqa: S608  (no text from outside)
CLOSE_IF_DONE = f"""
    UPDATE operation SET state = 'CLOSED', changed = ? WHERE eid = ? AND completed AND state != 'CLOSED'
    AND NOT EXISTS (SELECT 1 FROM notification WHERE operation = operation.id AND {IN_OUTBOX})
"""  # noqa: S608  (no text from outside)
