"""What the journal says to its database where that takes more than a line."""

from __future__ import annotations

# The columns of an `Entry` and of a `LostNotification`, in the order of `rows.entry` and `rows.lost`.
ENTRY = (
    "eid, signed, kept, attempts, next_try, problem, sent, evidence, removed, objected, abandoned, ci_pkids"
)
LOST = "eid, iccid, title, event, address, noticed"

# What has not yet gone all its way. A notification whose card is unknown cannot be removed from a card.
NOT_THROUGH = "(sent IS NULL OR removed IS NULL AND eid != '') AND abandoned IS NULL"

SET_STATE = "UPDATE operation SET state = ?, outcome = ?, changed = ? WHERE id = ?"
COMPLETE = f"""
    UPDATE operation SET completed = 1, outcome = ?, memory_after = ?, changed = ?, state =
    CASE WHEN EXISTS (SELECT 1 FROM notification WHERE operation = operation.id AND {NOT_THROUGH})
    THEN state ELSE 'CLOSED' END WHERE id = ?
"""  # noqa: S608  (no text from outside)
LOSE = f"INSERT INTO lost_notification ({LOST}, operation) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608  (our columns)

OF_NOBODY = ""  # the EID of a notification whose card is unknown

_LATEST = "(SELECT coalesce(max(id), 0) FROM operation WHERE eid = :eid)"
KEEP = f"""
    INSERT INTO notification (eid, sequence, signed, operation, ci_pkids, kept, during)
    VALUES (:eid, :sequence, :signed, :operation, :ci_pkids, :now, {_LATEST})
    ON CONFLICT DO UPDATE SET operation = excluded.operation WHERE operation IS NULL
"""  # noqa: S608  (no text from outside)
# One that came in a file, and may have been sent from there, has a card from now on.
ADOPT = f"""
    UPDATE OR IGNORE notification SET eid = :eid, ci_pkids = :ci_pkids, during = {_LATEST}
    WHERE eid = '' AND sequence = :sequence AND signed = :signed
"""  # noqa: S608  (no text from outside)

# PROOF_KEPT is the last word that is written while notifications are on their way: what follows from where
# they are is not written twice, so it cannot be contradicted.
STATE = f"""
    CASE WHEN state != 'PROOF_KEPT' THEN state
    WHEN EXISTS (SELECT 1 FROM notification AS n WHERE n.operation = o.id AND n.sent IS NULL
        AND n.abandoned IS NULL) THEN 'PROOF_KEPT'
    WHEN EXISTS (SELECT 1 FROM notification AS n WHERE n.operation = o.id AND {NOT_THROUGH}) THEN 'SENT'
    ELSE 'REMOVED' END
"""  # noqa: S608  (no text from outside)
CLOSE_IF_DONE = f"""
    UPDATE operation SET state = 'CLOSED', changed = ? WHERE eid = ? AND completed AND state != 'CLOSED'
    AND NOT EXISTS (SELECT 1 FROM notification WHERE operation = operation.id AND {NOT_THROUGH})
"""  # noqa: S608  (no text from outside)
