-- How many assignments the source has, as the changes of an unfinished run say it. They are compared with the store when all
-- changes are applied: where the numbers differ, something is gone that left no trace, and it is read again.
CREATE TABLE counted (
    run         INTEGER NOT NULL REFERENCES runs (number),
    entitlement INTEGER NOT NULL,                   -- entitlements.id; 0: the number of accounts
    after       TEXT NOT NULL DEFAULT '',           -- only accounts with greater ids
    up_to       TEXT NOT NULL DEFAULT '',           -- only accounts with ids up to this one; empty: without an end
    count       INTEGER NOT NULL,
    PRIMARY KEY (run, entitlement, after, up_to)
) WITHOUT ROWID;
-- Types of entitlements whose holders were counted: none hold an entitlement of such a type that has no count.
CREATE TABLE counted_types (
    run  INTEGER NOT NULL REFERENCES runs (number),
    type TEXT NOT NULL,
    PRIMARY KEY (run, type)
) WITHOUT ROWID;

-- How many assignments to accounts an entitlement has, as the last run proved it, if it was one of changes. Any other run begins by
-- forgetting it, so that the next run of changes counts again.
CREATE TABLE holder_counts (
    entitlement INTEGER PRIMARY KEY,                -- entitlements.id
    count       INTEGER NOT NULL
);

-- Few accounts are locked.
CREATE INDEX accounts_locked ON accounts (source, account_id) WHERE locked = 1 AND removed_run IS NULL;
