-- The journal of provisioning: what was asked of a source, what was tried, what it answered. It holds no password: where
-- one is kept stands in its place.

CREATE TABLE plans (
    number       INTEGER PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,              -- a ULID, the id that people see
    source       INTEGER NOT NULL REFERENCES sources (id),
    connector    TEXT NOT NULL,
    definition   TEXT NOT NULL,                     -- a hash of what in the source's file decides which system is meant
    file         TEXT NOT NULL,                     -- the plan's file, as the user named it
    content      TEXT NOT NULL,                     -- a hash of its operations
    status       TEXT NOT NULL,                     -- previewing, previewed, applying, ended
    approved     INTEGER NOT NULL DEFAULT 0,        -- whether the user said that it is to be carried out
    digest       TEXT,                              -- of the preview
    previewed_at TEXT,                              -- RFC 3339
    began_at     TEXT,                              -- when the first operation was sent
    ended_at     TEXT,
    api_calls    INTEGER NOT NULL DEFAULT 0,
    retries      INTEGER NOT NULL DEFAULT 0,
    active_ms    INTEGER NOT NULL DEFAULT 0         -- how long jobs worked on it
);
CREATE INDEX plans_of_source ON plans (source, number);

-- An operation of a plan. What it takes beside its first step, such as the grants of a new account, has rows of its own
-- with a part from 1 on.
CREATE TABLE operations (
    id            INTEGER PRIMARY KEY,
    plan          INTEGER NOT NULL REFERENCES plans (number),
    number        INTEGER NOT NULL,                 -- its place in the plan, from 0
    part          INTEGER NOT NULL,
    turn          INTEGER NOT NULL,                 -- the order in which the steps are carried out
    lead          INTEGER NOT NULL,                 -- the number of the first operation on the same account
    kind          TEXT NOT NULL,                    -- create, update, grant, …
    account       TEXT NOT NULL,                    -- as the plan names it
    account_key   TEXT NOT NULL,                    -- the same; in lower case where the plan makes it
    account_id    TEXT,                             -- the source's own id, once it is known
    asked         TEXT,                             -- JSON: the operation as the plan says it; of part 0 alone
    step          TEXT,                             -- JSON: what is sent; absent where nothing is
    changes       TEXT,                             -- JSON: what it changes, value by value
    seats         TEXT,                             -- JSON: the licences that it takes or gives back
    password_time TEXT,                             -- JSON: when the password was changed last, before the operation
    waits_for     INTEGER,                          -- the turn up to which all must be done before: it frees a licence
    foreseen      TEXT,                             -- a hash of what it comes to; of part 0 alone
    shown         TEXT,                             -- the hash of what the user saw, where that was something else
    shown_changes TEXT,                             -- JSON: the changes that the user saw then, step by step
    outcome       TEXT NOT NULL,                    -- planned, pending, applied, unchanged, failed
    detail        TEXT,
    error_kind    TEXT,
    error_message TEXT,
    error_help    TEXT,
    tries         INTEGER NOT NULL DEFAULT 0,
    asked_at      TEXT,                             -- when it was sent last
    answered_at   TEXT,
    UNIQUE (plan, number, part)
);
CREATE INDEX operations_of_account ON operations (plan, lead, turn);
CREATE INDEX operations_by_key ON operations (plan, account_key, number);
CREATE INDEX operations_planned ON operations (plan, turn) WHERE outcome = 'planned';
CREATE INDEX operations_pending ON operations (plan, turn) WHERE outcome = 'pending';
