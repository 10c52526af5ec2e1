-- What SCIM clients call the accounts, where the source has no attribute for it.
CREATE TABLE external_ids (
    source      INTEGER NOT NULL REFERENCES sources (id),
    account     TEXT NOT NULL,                   -- the source's own id
    external_id TEXT NOT NULL,
    PRIMARY KEY (source, account)
) WITHOUT ROWID;
CREATE INDEX accounts_by_external_id ON external_ids (source, external_id);
