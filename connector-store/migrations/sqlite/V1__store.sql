-- The store of a project: what aggregations read from each source, run by run.
-- It holds personal data and no secret. Runs are numbered in the order in which they began; a column that ends in
-- `_run` is such a number. Nothing is ever overwritten without its earlier value being kept in `changes`.

CREATE TABLE sources (
    id              INTEGER PRIMARY KEY,
    name            TEXT NOT NULL UNIQUE,           -- the stem of the source's file
    fence           INTEGER NOT NULL DEFAULT 0,     -- grows with each job; a job that finds a larger one stops
    next_assignment INTEGER NOT NULL DEFAULT 1      -- the id that the next new assignment gets
);

CREATE TABLE runs (
    number               INTEGER PRIMARY KEY,
    id                   TEXT NOT NULL UNIQUE,      -- a ULID, the id that people see
    source               INTEGER NOT NULL REFERENCES sources (id),
    connector            TEXT NOT NULL,
    definition           TEXT NOT NULL,             -- a hash of what in the source's file decides what is read
    mode                 TEXT NOT NULL,             -- full
    status               TEXT NOT NULL,             -- running, succeeded, failed, interrupted, refused
    resumed              INTEGER NOT NULL DEFAULT 0,
    started_at           TEXT NOT NULL,             -- RFC 3339
    ended_at             TEXT,                      -- absent while it runs and after a kill
    accounts_seen        INTEGER NOT NULL DEFAULT 0,
    accounts_added       INTEGER NOT NULL DEFAULT 0,
    accounts_changed     INTEGER NOT NULL DEFAULT 0,
    accounts_removed     INTEGER NOT NULL DEFAULT 0,
    entitlements_seen    INTEGER NOT NULL DEFAULT 0,
    entitlements_added   INTEGER NOT NULL DEFAULT 0,
    entitlements_changed INTEGER NOT NULL DEFAULT 0,
    entitlements_removed INTEGER NOT NULL DEFAULT 0,
    assignments_seen     INTEGER NOT NULL DEFAULT 0,
    assignments_added    INTEGER NOT NULL DEFAULT 0,
    assignments_removed  INTEGER NOT NULL DEFAULT 0,
    api_calls            INTEGER NOT NULL DEFAULT 0,
    retries              INTEGER NOT NULL DEFAULT 0,
    bytes_received       INTEGER NOT NULL DEFAULT 0,
    active_ms            INTEGER NOT NULL DEFAULT 0, -- how long jobs worked on it
    limits               TEXT NOT NULL DEFAULT '{}', -- JSON: the source's allowances as it last told them
    error_kind           TEXT,
    error_message        TEXT,
    error_help           TEXT,
    error_step           TEXT
);
CREATE INDEX runs_of_source ON runs (source, number);

-- What the user should know about a run although it did not end it.
CREATE TABLE warnings (
    id   INTEGER PRIMARY KEY,
    run  INTEGER NOT NULL REFERENCES runs (number),
    text TEXT NOT NULL,
    UNIQUE (run, text)
);

-- Types of entitlements that the source has not or does not show: nothing of them is removed at the end of the run.
CREATE TABLE skipped (
    run  INTEGER NOT NULL REFERENCES runs (number),
    type TEXT NOT NULL,
    PRIMARY KEY (run, type)
) WITHOUT ROWID;

-- The cursors of a run: those still to be read and, until the run ends, those that are done.
CREATE TABLE frontier (
    id     INTEGER PRIMARY KEY,
    run    INTEGER NOT NULL REFERENCES runs (number),
    step   TEXT NOT NULL,                           -- accounts, entitlements, assignments
    cursor TEXT NOT NULL,                           -- the connector's own text; empty at the beginning
    done   INTEGER NOT NULL DEFAULT 0,
    UNIQUE (run, step, cursor)
);

-- Which rows an unfinished run has seen: one bit a row, 32768 row ids a chunk, the lowest id in the lowest bit.
CREATE TABLE seen (
    run   INTEGER NOT NULL REFERENCES runs (number),
    kind  TEXT NOT NULL,                            -- accounts, entitlements, assignments
    chunk INTEGER NOT NULL,                         -- row id / 32768
    bits  BLOB NOT NULL,
    UNIQUE (run, kind, chunk)
);

CREATE TABLE accounts (
    id           INTEGER PRIMARY KEY,
    source       INTEGER NOT NULL REFERENCES sources (id),
    account_id   TEXT NOT NULL,                     -- the source's own id
    name         TEXT NOT NULL,
    display_name TEXT,
    enabled      INTEGER NOT NULL,
    locked       INTEGER NOT NULL,
    attributes   TEXT NOT NULL,                     -- a JSON object in the source's own spelling
    hash         BLOB NOT NULL,                     -- of all of the above and the entitlements in the account's record
    first_run    INTEGER NOT NULL,                  -- saw it for the first time
    added_run    INTEGER NOT NULL,                  -- began its present life: first_run, or later when it came again
    changed_run  INTEGER,                           -- changed its values last
    removed_run  INTEGER                            -- found it gone; absent while it lives
);
CREATE UNIQUE INDEX accounts_by_id ON accounts (source, account_id);
CREATE INDEX accounts_alive ON accounts (source) WHERE removed_run IS NULL;
CREATE INDEX accounts_by_name ON accounts (source, name);

CREATE TABLE entitlements (
    id             INTEGER PRIMARY KEY,
    source         INTEGER NOT NULL REFERENCES sources (id),
    type           TEXT NOT NULL,
    entitlement_id TEXT NOT NULL,                   -- the source's own id
    name           TEXT NOT NULL,
    description    TEXT,
    attributes     TEXT NOT NULL,                   -- a JSON object in the source's own spelling
    hash           BLOB,
    first_run      INTEGER,                         -- absent: only named by assignments, never shown by the source
    added_run      INTEGER,
    changed_run    INTEGER,
    removed_run    INTEGER
);
CREATE UNIQUE INDEX entitlements_by_id ON entitlements (source, type, entitlement_id);

-- Who holds what. An inline assignment comes with the account's own record and lives and dies with it.
CREATE TABLE assignments (
    source      INTEGER NOT NULL REFERENCES sources (id),
    account     TEXT NOT NULL,                      -- accounts.account_id
    entitlement INTEGER NOT NULL,                   -- entitlements.id
    inline      INTEGER NOT NULL,
    id          INTEGER NOT NULL,                   -- numbers the assignments of the source, for seen and changes
    first_run   INTEGER NOT NULL,
    added_run   INTEGER NOT NULL,
    removed_run INTEGER,
    PRIMARY KEY (source, account, entitlement, inline)
) WITHOUT ROWID;
CREATE INDEX holders ON assignments (entitlement, account) WHERE removed_run IS NULL;

-- What the rows above no longer tell: earlier values, and earlier lives of what came again.
CREATE TABLE changes (
    source      INTEGER NOT NULL REFERENCES sources (id),
    kind        TEXT NOT NULL,                      -- accounts, entitlements, assignments
    row         INTEGER NOT NULL,                   -- the id of the row
    run         INTEGER NOT NULL,                   -- found the change
    before      TEXT,                               -- JSON: the values until then; absent when they stayed
    removed_run INTEGER,                            -- when it had been gone: the run that had found it gone
    PRIMARY KEY (source, kind, row, run)
) WITHOUT ROWID;

-- For people with an SQL client: what is there now.
CREATE VIEW current_accounts AS
    SELECT s.name AS source, a.account_id, a.name, a.display_name, a.enabled, a.locked, a.attributes
    FROM accounts a JOIN sources s ON s.id = a.source
    WHERE a.removed_run IS NULL;
CREATE VIEW current_assignments AS
    SELECT DISTINCT s.name AS source, h.account AS account_id, a.name AS account, e.type, e.entitlement_id,
           e.name AS entitlement
    FROM assignments h
    JOIN sources s ON s.id = h.source
    JOIN entitlements e ON e.id = h.entitlement
    LEFT JOIN accounts a ON a.source = h.source AND a.account_id = h.account
    WHERE h.removed_run IS NULL;
