-- Rotations of certificates: which key and certificate take the place of which, and how far it has come. Certificates are
-- public; no key is here.

CREATE TABLE rotations (
    number          INTEGER PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,           -- a ULID, the id that people see
    source          INTEGER NOT NULL REFERENCES sources (id),
    app             TEXT NOT NULL,                  -- the app at the source that gets the certificate
    issuer          TEXT,                           -- its OAuth client id when it is not the one in use yet
    stage           TEXT NOT NULL,                  -- making, made, deployed, proven, switched, returning, done, returned
    key             TEXT NOT NULL,                  -- the key's file, as the source's file names it
    certificate     TEXT NOT NULL,
    next_key        TEXT NOT NULL,                  -- where the new key stands until it is switched to
    next_certificate TEXT NOT NULL,
    old_pem         TEXT,                           -- the certificate that the app had
    new_pem         TEXT,                           -- the certificate that it gets
    deployed_at     TEXT,                           -- RFC 3339
    began_at        TEXT NOT NULL,
    ended_at        TEXT,
    error_message   TEXT                            -- why it was returned to the old certificate
);
CREATE INDEX rotations_of_source ON rotations (source, number);

-- What was done for a rotation, step by step.
CREATE TABLE rotation_steps (
    id       INTEGER PRIMARY KEY,
    rotation INTEGER NOT NULL REFERENCES rotations (number),
    at       TEXT NOT NULL,                         -- RFC 3339
    step     TEXT NOT NULL,
    detail   TEXT NOT NULL
);
