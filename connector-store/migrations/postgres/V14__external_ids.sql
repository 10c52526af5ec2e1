-- What SCIM clients call the accounts; as in SQLite.
CREATE TABLE external_ids (
    source      BIGINT NOT NULL,
    account     TEXT COLLATE "C" NOT NULL,
    external_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (source, account)
);
CREATE INDEX accounts_by_external_id ON external_ids (source, external_id);
