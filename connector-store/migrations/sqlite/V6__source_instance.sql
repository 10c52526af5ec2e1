-- The system's own id (an org, a tenant, a naming context), where the connector reads it. Another one behind the same
-- source is refused.
ALTER TABLE sources ADD COLUMN instance TEXT;

-- A live cursor ends with a connection; its anchor is the cursor to go back to.
ALTER TABLE frontier ADD COLUMN anchor TEXT;
-- How many pages from this anchor on may show only rows that the run has seen.
ALTER TABLE frontier ADD COLUMN again INTEGER NOT NULL DEFAULT 0;
-- How often the read went back to this anchor since the last new row.
ALTER TABLE frontier ADD COLUMN returns INTEGER NOT NULL DEFAULT 0;

-- Where the next read of changes starts, if this run succeeds.
ALTER TABLE runs ADD COLUMN watermark TEXT;

-- What the changes of an unfinished run say is gone. It is removed when the guard has seen all of it.
CREATE TABLE gone (
    run         INTEGER NOT NULL REFERENCES runs (number),
    step        TEXT NOT NULL,                      -- accounts, entitlements, assignments
    account     TEXT NOT NULL,                      -- accounts.account_id; empty for an entitlement
    entitlement INTEGER NOT NULL,                   -- entitlements.id; 0 for an account
    holder      INTEGER NOT NULL DEFAULT 0,         -- as in assignments
    through     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (run, step, account, entitlement, holder, through)
) WITHOUT ROWID;
