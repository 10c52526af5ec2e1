-- Assignments of an unfinished run that wait until everything is read: then they are merged into the table in its own order.
-- A batch is sorted; its blocks follow one another. A row of a block is the length of its key, the length of its value, the key
-- (the holder, then the numbers of the entitlements) and the value (JSON; empty for a plain assignment).
CREATE TABLE waiting_assignments (
    id    INTEGER PRIMARY KEY,
    run   INTEGER NOT NULL REFERENCES runs (number),
    batch INTEGER NOT NULL,
    rows  BLOB NOT NULL
);
CREATE INDEX waiting_by_batch ON waiting_assignments (run, batch);
-- How many of the assignments that an unfinished run has seen wait, and the key up to which they are merged.
ALTER TABLE runs ADD COLUMN assignments_waiting INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN merged BLOB;
