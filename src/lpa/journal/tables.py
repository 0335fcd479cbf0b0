"""The journal's tables, version 1. A version that was released is never edited: a later one migrates it.

operation     what was begun on a card. `target`: the ICCID of the profile that it is for, if it is for one.
              `completed`: its result is known; only its notifications may be pending.
              `transaction_id`: of a download, in hexadecimal; the card's result names it. `memory_before`,
              `memory_after`: the card's free memory in bytes. `deliver`: when its notifications are sent
              (`lpa.rsp.deliver`).
notification  what a card signed; when it was kept, sent and removed. `operation`: the one that it reports,
              NULL if unknown.
              `during`: the last operation that was begun on the card when this one was collected, 0 if none
              was; no clock says that, because a clock may be set back. `ci_pkids`: the card's trusted CI
              keys when it was kept, NULL if the card did not list them. `objected`: the server answered and
              refused it. `abandoned`: when a person had it removed unsent. `held`: the next step is taken
              only when somebody asks for it: sending it, or once it is sent, removing it from the card.
lost_notification  a change whose signed notification no longer exists. `informed`: when the person said that
              they informed the operator, NULL until then.
protection    profiles that this computer refuses to delete.

An index is only a way to find rows faster. `outbox` and `not_closed` have what is pending, and are compared
with what they had when the file was closed (`clean_close`).
"""

APPLICATION_ID = 0x6C706131  # "lpa1", in the header of the file
VERSION = 1

TABLES = """
CREATE TABLE operation (
    id INTEGER PRIMARY KEY, eid TEXT NOT NULL, function TEXT NOT NULL, target TEXT NOT NULL DEFAULT '',
    before TEXT NOT NULL, state TEXT NOT NULL, completed INTEGER NOT NULL DEFAULT 0,
    outcome TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL, begun REAL NOT NULL, changed REAL NOT NULL,
    pid INTEGER NOT NULL, command TEXT NOT NULL, transaction_id TEXT NOT NULL DEFAULT '',
    memory_before INTEGER, memory_after INTEGER, deliver TEXT NOT NULL DEFAULT 'now'
);
CREATE INDEX not_closed ON operation (eid) WHERE state != 'CLOSED';
CREATE INDEX of_card ON operation (eid);
CREATE TABLE notification (
    eid TEXT NOT NULL, sequence INTEGER NOT NULL, signed BLOB NOT NULL,
    operation INTEGER REFERENCES operation (id), during INTEGER NOT NULL DEFAULT 0, ci_pkids TEXT,
    kept REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, next_try REAL NOT NULL DEFAULT 0,
    problem TEXT NOT NULL DEFAULT '', objected INTEGER NOT NULL DEFAULT 0,
    sent REAL, evidence TEXT NOT NULL DEFAULT '{}', removed REAL, abandoned REAL,
    held INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (eid, sequence, signed)
);
CREATE INDEX outbox ON notification (eid, sequence)
    WHERE (sent IS NULL OR removed IS NULL AND eid != '') AND abandoned IS NULL;
CREATE INDEX part_of ON notification (operation);
CREATE INDEX numbered ON notification (sequence);
CREATE INDEX collected ON notification (eid, during);
CREATE TABLE lost_notification (
    id INTEGER PRIMARY KEY, eid TEXT NOT NULL, iccid TEXT NOT NULL, title TEXT NOT NULL,
    event TEXT NOT NULL, address TEXT NOT NULL, noticed REAL NOT NULL,
    operation INTEGER NOT NULL REFERENCES operation (id), informed REAL
);
CREATE TABLE protection (iccid TEXT PRIMARY KEY);
"""
