-- Steps of a run of which the source did not show everything: nothing of them is removed at the end of the run.
CREATE TABLE incomplete (
    run  INTEGER NOT NULL REFERENCES runs (number),
    step TEXT NOT NULL,                             -- accounts, entitlements, assignments
    PRIMARY KEY (run, step)
) WITHOUT ROWID;
