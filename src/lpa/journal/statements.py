"""What the journal says to its database where that takes more than a line."""

from __future__ import annotations

from lpa.journal.operation import NOT_THROUGH

OF_NOBODY = ""  # the EID of a notification whose card nobody knows

_LATEST = "(SELECT coalesce(max(id), 0) FROM operation WHERE eid = :eid)"
KEEP = f"""
    INSERT INTO notification (eid, sequence, signed, operation, believed, kept, during)
    VALUES (:eid, :sequence, :signed, :operation, :believed, :now, {_LATEST})
    ON CONFLICT DO UPDATE SET operation = excluded.operation WHERE operation IS NULL
"""  # noqa: S608  (no text from outside)
# One that came in a file, and may have been sent from there, has a card from now on.
ADOPT = f"""
    UPDATE OR IGNORE notification SET eid = :eid, believed = :believed, during = {_LATEST}
    WHERE eid = '' AND sequence = :sequence AND signed = :signed
"""  # noqa: S608  (no text from outside)

# PROOF_KEPT is the last word that is written while notifications are on their way: what follows from where
# they are is not written twice, so it cannot be contradicted.
STATE = f"""
    CASE WHEN state != 'PROOF_KEPT' THEN state
    WHEN EXISTS (SELECT 1 FROM notification AS n WHERE n.operation = o.id AND n.sent IS NULL
        AND n.given_up IS NULL) THEN 'PROOF_KEPT'
    WHEN EXISTS (SELECT 1 FROM notification AS n WHERE n.operation = o.id AND {NOT_THROUGH}) THEN 'SENT'
    ELSE 'CLEARED' END
"""  # noqa: S608  (no text from outside)
CLOSE_IF_DONE = f"""
    UPDATE operation SET state = 'CLOSED', changed = ? WHERE eid = ? AND settled AND state != 'CLOSED'
    AND NOT EXISTS (SELECT 1 FROM notification WHERE operation = operation.id AND {NOT_THROUGH})
"""  # noqa: S608  (no text from outside)
