-- Which accounts belong to which people, as `identities:` in connector.yaml correlates them. A person is an account of the source
-- that is the authority. All rows name accounts by source and id, so that an account that comes again has its history.

-- What is correlated: at most one row.
CREATE TABLE identity_state (
    id            INTEGER PRIMARY KEY,              -- 1
    authority     INTEGER NOT NULL REFERENCES sources (id),
    rules         TEXT NOT NULL,                    -- names everything that decides about the values of accounts
    correlated_at TEXT NOT NULL                     -- RFC 3339
);

-- The sources that take part, and which of their runs the values of their accounts come from.
CREATE TABLE identity_sources (
    source INTEGER PRIMARY KEY REFERENCES sources (id),
    seen   TEXT NOT NULL                            -- sums over the runs: another text means that something may have changed
);

-- The accounts that take part.
CREATE TABLE identity_accounts (
    source   INTEGER NOT NULL REFERENCES sources (id),
    account  TEXT NOT NULL,                         -- accounts.account_id
    hash     BLOB NOT NULL,                         -- accounts.hash, when its values were made
    gone     INTEGER NOT NULL,                      -- 1: removed from its source; only people stay then
    left_out INTEGER NOT NULL,                      -- 1: it belongs to no person, as connector.yaml says
    state    TEXT NOT NULL,                         -- person, linked, ambiguous, unmatched, refused, left_out
    rule     TEXT,                                  -- the rule that found several people, or one to confirm
    PRIMARY KEY (source, account)
) WITHOUT ROWID;
CREATE INDEX identity_accounts_by_state ON identity_accounts (state, gone, source, account);

-- What the rules compare.
CREATE TABLE identity_values (
    source  INTEGER NOT NULL REFERENCES sources (id),
    account TEXT NOT NULL,
    rule    INTEGER NOT NULL,                       -- its place in connector.yaml, from 0
    value   TEXT NOT NULL,
    gone    INTEGER NOT NULL,                       -- as in identity_accounts
    PRIMARY KEY (source, account, rule, value)
) WITHOUT ROWID;
CREATE INDEX identity_values_by_value ON identity_values (rule, value, source, gone, account);

-- Which account belonged to which person, and when. An account has at most one link that has not ended.
CREATE TABLE identity_links (
    id        INTEGER PRIMARY KEY,
    source    INTEGER NOT NULL REFERENCES sources (id),
    account   TEXT NOT NULL,
    authority INTEGER NOT NULL REFERENCES sources (id),
    person    TEXT NOT NULL,                        -- accounts.account_id of the authority
    rule      TEXT,                                 -- the name of the rule; absent: confirmed by hand
    author    TEXT,                                 -- who confirmed it
    note      TEXT,
    began_at  TEXT NOT NULL,                        -- RFC 3339
    ended_at  TEXT,
    ended_by  TEXT,                                 -- who ended it, if somebody did
    why_ended TEXT                                  -- account_removed, no_match, ambiguous, other_person, other_rule, left_out, refused, released, confirmed, authority_changed
);
CREATE UNIQUE INDEX identity_links_now ON identity_links (source, account) WHERE ended_at IS NULL;
CREATE INDEX identity_links_of_account ON identity_links (source, account);
CREATE INDEX identity_links_of_person ON identity_links (authority, person);

-- What somebody ruled out.
CREATE TABLE identity_refusals (
    id        INTEGER PRIMARY KEY,
    source    INTEGER NOT NULL REFERENCES sources (id),
    account   TEXT NOT NULL,
    authority INTEGER NOT NULL REFERENCES sources (id),
    person    TEXT NOT NULL,                        -- empty: the account belongs to nobody
    author    TEXT NOT NULL,
    note      TEXT,
    began_at  TEXT NOT NULL,
    ended_at  TEXT,
    ended_by  TEXT
);
CREATE INDEX identity_refusals_now ON identity_refusals (source, account) WHERE ended_at IS NULL;
CREATE INDEX identity_refusals_of_account ON identity_refusals (source, account);

-- For people with an SQL client: the people, with those who left.
CREATE VIEW people AS
    SELECT s.name AS authority, i.account AS person_id, a.name AS person, a.display_name, a.attributes,
           CASE WHEN i.gone = 1 THEN 'left' WHEN a.enabled = 0 THEN 'disabled' ELSE 'active' END AS state
    FROM identity_accounts i
    JOIN sources s ON s.id = i.source
    JOIN accounts a ON a.source = i.source AND a.account_id = i.account
    WHERE i.state = 'person';

-- Which accounts belong to which people now. The account of the authority is among them.
CREATE VIEW current_identities AS
    SELECT p.name AS authority, l.person AS person_id, h.name AS person,
           CASE WHEN h.removed_run IS NOT NULL THEN 'left' WHEN h.enabled = 0 THEN 'disabled' ELSE 'active' END AS person_state,
           s.name AS source, l.account AS account_id, a.name AS account, a.enabled, l.rule, l.author AS confirmed_by,
           l.began_at AS since
    FROM identity_links l
    JOIN sources s ON s.id = l.source
    JOIN sources p ON p.id = l.authority
    JOIN accounts a ON a.source = l.source AND a.account_id = l.account
    LEFT JOIN accounts h ON h.source = l.authority AND h.account_id = l.person
    WHERE l.ended_at IS NULL AND a.removed_run IS NULL
    UNION ALL
    SELECT s.name, i.account, a.name, CASE WHEN a.enabled = 0 THEN 'disabled' ELSE 'active' END,
           s.name, i.account, a.name, a.enabled, NULL, NULL, NULL
    FROM identity_accounts i
    JOIN sources s ON s.id = i.source
    JOIN accounts a ON a.source = i.source AND a.account_id = i.account
    WHERE i.state = 'person' AND i.gone = 0;

-- Every link that ever was, and why it ended.
CREATE VIEW identity_history AS
    SELECT p.name AS authority, l.person AS person_id, h.name AS person, s.name AS source, l.account AS account_id,
           a.name AS account, l.rule, l.author AS confirmed_by, l.note, l.began_at, l.ended_at, l.ended_by, l.why_ended
    FROM identity_links l
    JOIN sources s ON s.id = l.source
    JOIN sources p ON p.id = l.authority
    LEFT JOIN accounts a ON a.source = l.source AND a.account_id = l.account
    LEFT JOIN accounts h ON h.source = l.authority AND h.account_id = l.person;

-- orphan_account: no rule and nobody says which person it belongs to.
CREATE VIEW finding_orphan_account AS
    SELECT s.name AS source, a.account_id, a.name AS account, i.state, i.rule
    FROM identity_accounts i
    JOIN sources s ON s.id = i.source
    JOIN accounts a ON a.source = i.source AND a.account_id = i.account
    WHERE i.state IN ('ambiguous', 'unmatched') AND a.removed_run IS NULL AND a.enabled <> 0;

-- leaver_account: it is enabled, and its person left or is disabled.
CREATE VIEW finding_leaver_account AS
    SELECT s.name AS source, a.account_id, a.name AS account, l.person AS person_id, h.name AS person,
           CASE WHEN h.removed_run IS NOT NULL THEN 'left' ELSE 'disabled' END AS person_state
    FROM identity_links l
    JOIN sources s ON s.id = l.source
    JOIN accounts a ON a.source = l.source AND a.account_id = l.account
    JOIN accounts h ON h.source = l.authority AND h.account_id = l.person
    WHERE l.ended_at IS NULL AND a.removed_run IS NULL AND a.enabled <> 0 AND (h.removed_run IS NOT NULL OR h.enabled = 0);
