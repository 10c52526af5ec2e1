-- The names of accounts, in their own order: a full run adds those of new accounts at its end, sorted.
CREATE TABLE account_names (
    source  INTEGER NOT NULL REFERENCES sources (id),
    name    TEXT NOT NULL,
    account INTEGER NOT NULL,                       -- accounts.id
    PRIMARY KEY (source, name, account)
) WITHOUT ROWID;
INSERT INTO account_names (source, name, account) SELECT source, name, id FROM accounts ORDER BY source, name, id;
DROP INDEX accounts_by_name;
