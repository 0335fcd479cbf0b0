"""How the journal's tables came to be: each text brings a journal of the version before to the next."""

# A text that was released is never edited. Statements end with a semicolon, and hold none themselves.
MIGRATIONS = (
    """
    CREATE TABLE operation (
        id INTEGER PRIMARY KEY, eid TEXT NOT NULL, function TEXT NOT NULL, before TEXT NOT NULL,
        state TEXT NOT NULL, outcome TEXT NOT NULL DEFAULT '', begun REAL NOT NULL, changed REAL NOT NULL,
        reason TEXT NOT NULL, pid INTEGER NOT NULL, command TEXT NOT NULL
    );
    CREATE INDEX unfinished ON operation (eid) WHERE state != 'CLOSED';
    CREATE TABLE notification (
        eid TEXT NOT NULL, sequence INTEGER NOT NULL, signed BLOB NOT NULL, kept REAL NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0, next_try REAL NOT NULL DEFAULT 0,
        problem TEXT NOT NULL DEFAULT '', sent REAL, evidence TEXT NOT NULL DEFAULT '{}', cleared REAL,
        PRIMARY KEY (eid, sequence, signed)
    );
    CREATE TABLE protection (iccid TEXT PRIMARY KEY);
    """,
    # Which operation a notification tells of (NULL if nobody knows), and the card's free memory in bytes.
    """
    ALTER TABLE notification ADD COLUMN operation INTEGER REFERENCES operation (id);
    ALTER TABLE operation ADD COLUMN memory_before INTEGER;
    ALTER TABLE operation ADD COLUMN memory_after INTEGER;
    """,
    # `settled`: whoever began or resumed it heard how it stands, and what remains is the outbox's. `target`:
    # the ICCID of the profile that it is for, if it is for one. `objected`: the server spoke, and said no.
    # `given_up`: when a person had it removed unsent.
    """
    ALTER TABLE operation ADD COLUMN settled INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE operation ADD COLUMN target TEXT NOT NULL DEFAULT '';
    ALTER TABLE notification ADD COLUMN objected INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE notification ADD COLUMN given_up REAL;
    UPDATE operation SET settled = 1 WHERE state = 'CLOSED';
    UPDATE operation SET state = CASE function WHEN 'enable' THEN 'ENABLING' ELSE 'DISABLING' END
        WHERE state = 'SWITCHING';
    UPDATE operation SET state = CASE function WHEN 'enable' THEN 'ENABLED' WHEN 'disable' THEN 'DISABLED'
        ELSE 'DELETED' END WHERE state = 'CHANGED';
    DROP INDEX unfinished;
    CREATE INDEX not_closed ON operation (eid) WHERE state != 'CLOSED';
    CREATE INDEX not_through ON notification (eid, sequence)
        WHERE (sent IS NULL OR cleared IS NULL AND eid != '') AND given_up IS NULL;
    CREATE INDEX part_of ON notification (operation);
    """,
    # `identifiers`: whom a card believes, so that its servers can be verified while it is away.
    """
    CREATE TABLE card_issuers (eid TEXT PRIMARY KEY, identifiers TEXT NOT NULL);
    """,
    # The session of a download, in hexadecimal: the card's result names it, and nothing else does as surely.
    """
    ALTER TABLE operation ADD COLUMN transaction_id TEXT NOT NULL DEFAULT '';
    """,
    # `believed`: whom its card believed when it signed this one; NULL if the card did not say. Whoever else
    # says later that it is this card has no word in that.
    """
    ALTER TABLE notification ADD COLUMN believed TEXT;
    UPDATE notification SET believed =
        (SELECT identifiers FROM card_issuers WHERE card_issuers.eid = notification.eid);
    DROP TABLE card_issuers;
    """,
    # What happened to a profile and nothing signed is left of, by the server that was to hear of it. `told`:
    # when the person said to have told the operator, NULL until then.
    """
    CREATE TABLE loss (
        id INTEGER PRIMARY KEY, eid TEXT NOT NULL, iccid TEXT NOT NULL, title TEXT NOT NULL,
        event TEXT NOT NULL, address TEXT NOT NULL, noticed REAL NOT NULL,
        operation INTEGER NOT NULL REFERENCES operation (id), told REAL
    );
    """,
    # `during`: the last operation that was begun on the card when this one was taken from it, 0 if none was.
    # No clock says that: it may be put back.
    """
    ALTER TABLE notification ADD COLUMN during INTEGER NOT NULL DEFAULT 0;
    UPDATE notification SET during = coalesce(
        (SELECT max(id) FROM operation WHERE operation.eid = notification.eid AND begun <= kept), 0);
    """,
)
