-- What the user saw of an operation beside its changes, where the operation has another result now.
ALTER TABLE operations ADD COLUMN shown_outcome TEXT;
ALTER TABLE operations ADD COLUMN shown_reason TEXT;
-- Whether the source accepted the step but has not carried it out yet: it is never sent again.
ALTER TABLE operations ADD COLUMN queued INTEGER NOT NULL DEFAULT 0;
-- Whether the step was read back after it was applied.
ALTER TABLE operations ADD COLUMN read_back INTEGER NOT NULL DEFAULT 0;
-- Whether the plan ends only after its steps were read back.
ALTER TABLE plans ADD COLUMN verify INTEGER NOT NULL DEFAULT 0;

-- How many rows the source showed more than once.
ALTER TABLE runs ADD COLUMN accounts_repeated INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN entitlements_repeated INTEGER NOT NULL DEFAULT 0;

-- How many rows a run marked as removed. The guard adds up those of the last hours.
CREATE TABLE removals (
    run   INTEGER NOT NULL REFERENCES runs (number),
    step  TEXT NOT NULL,                            -- accounts, entitlements, assignments
    type  TEXT NOT NULL,                            -- of the entitlements; empty for accounts
    count INTEGER NOT NULL,
    PRIMARY KEY (run, step, type)
) WITHOUT ROWID;
