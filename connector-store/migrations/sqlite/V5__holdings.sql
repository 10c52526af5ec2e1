-- Accounts: who or what uses them, who answers for them, what the source's own lists call them. Assignments: their state, their
-- end, and holders that are entitlements.

ALTER TABLE sources ADD COLUMN quiet TEXT NOT NULL DEFAULT '{}';    -- JSON: attributes whose values alone are no change
ALTER TABLE runs ADD COLUMN assignments_changed INTEGER NOT NULL DEFAULT 0;

ALTER TABLE accounts ADD COLUMN kind TEXT;          -- person, service, machine, guest, agent; absent: the source doesn't say
ALTER TABLE accounts ADD COLUMN owner TEXT;         -- accounts.account_id of the account that answers for this one
ALTER TABLE accounts ADD COLUMN alias TEXT;         -- the name in the source's own lists, such as a DN
CREATE INDEX accounts_by_alias ON accounts (source, alias) WHERE alias IS NOT NULL;
ALTER TABLE entitlements ADD COLUMN alias TEXT;
CREATE INDEX entitlements_by_alias ON entitlements (source, alias) WHERE alias IS NOT NULL;

DROP VIEW current_accounts;
DROP VIEW current_assignments;

-- Who holds what. An inline assignment comes with the account's own record and lives and dies with it.
CREATE TABLE assignments_with_states (
    source      INTEGER NOT NULL REFERENCES sources (id),
    account     TEXT NOT NULL,                      -- accounts.account_id; empty where an entitlement is the holder
    entitlement INTEGER NOT NULL,                   -- entitlements.id
    holder      INTEGER NOT NULL DEFAULT 0,         -- entitlements.id of the holder; 0 where an account is the holder
    through     INTEGER NOT NULL DEFAULT 0,         -- entitlements.id of what gave it, where the source says so; else 0
    inline      INTEGER NOT NULL,
    id          INTEGER NOT NULL,                   -- numbers the assignments of the source, for seen and changes
    state       TEXT,                               -- inactive, scheduled; absent: active
    valid_until TEXT,                               -- RFC 3339; absent: no end
    attributes  TEXT,                               -- a JSON object; absent: no attributes
    first_run   INTEGER NOT NULL,
    added_run   INTEGER NOT NULL,
    changed_run INTEGER,                            -- changed its state, end or attributes last
    removed_run INTEGER,
    PRIMARY KEY (source, account, entitlement, holder, through, inline)
) WITHOUT ROWID;
INSERT INTO assignments_with_states (source, account, entitlement, inline, id, first_run, added_run, removed_run)
    SELECT source, account, entitlement, inline, id, first_run, added_run, removed_run FROM assignments
    ORDER BY source, account, entitlement, inline;
DROP TABLE assignments;
ALTER TABLE assignments_with_states RENAME TO assignments;
-- With all that counting holders needs.
CREATE INDEX holders ON assignments (entitlement, account, state, valid_until) WHERE removed_run IS NULL;
CREATE INDEX assignments_of_entitlements ON assignments (holder, entitlement) WHERE holder > 0 AND removed_run IS NULL;

-- Assignments of an unfinished run whose holder is named by an alias that no row has yet.
CREATE TABLE unresolved_holders (
    run         INTEGER NOT NULL REFERENCES runs (number),
    alias       TEXT NOT NULL,
    entitlement INTEGER NOT NULL,
    through     INTEGER NOT NULL,
    state       TEXT,
    valid_until TEXT,
    attributes  TEXT,
    PRIMARY KEY (run, alias, entitlement, through)
) WITHOUT ROWID;

-- For people with an SQL client: what is there now.
CREATE VIEW current_accounts AS
    SELECT s.name AS source, a.account_id, a.name, a.display_name, a.enabled, a.locked, a.attributes,
           a.kind, a.owner, a.alias
    FROM accounts a JOIN sources s ON s.id = a.source
    WHERE a.removed_run IS NULL;

-- Every assignment, whatever its state. Either an account holds it, or an entitlement.
CREATE VIEW all_assignments AS
    SELECT s.name AS source, nullif(h.account, '') AS account_id, a.name AS account,
           o.type AS holder_type, o.entitlement_id AS holder_id, e.type, e.entitlement_id, e.name AS entitlement,
           CASE WHEN julianday(h.valid_until) <= julianday('now') THEN 'expired' ELSE coalesce(h.state, 'active') END AS state,
           h.valid_until, t.type AS through_type, t.entitlement_id AS through_id, h.attributes
    FROM assignments h
    JOIN sources s ON s.id = h.source
    JOIN entitlements e ON e.id = h.entitlement
    LEFT JOIN accounts a ON a.source = h.source AND a.account_id = h.account
    LEFT JOIN entitlements o ON o.id = h.holder
    LEFT JOIN entitlements t ON t.id = h.through
    WHERE h.removed_run IS NULL;

-- What accounts hold: only what has effect now.
CREATE VIEW current_assignments AS
    SELECT DISTINCT source, account_id, account, type, entitlement_id, entitlement
    FROM all_assignments WHERE state = 'active' AND account_id IS NOT NULL;

-- The same with what accounts hold through other entitlements; the path begins with the one that the account itself holds.
CREATE VIEW effective_assignments AS
    WITH RECURSIVE held (source, account, entitlement, trail, path) AS (
        SELECT h.source, h.account, h.entitlement, ' ' || h.entitlement || ' ',
               (SELECT t.type || '/' || t.entitlement_id FROM entitlements t WHERE t.id = h.through)
        FROM assignments h
        WHERE h.removed_run IS NULL AND h.holder = 0 AND h.state IS NULL
              AND (h.valid_until IS NULL OR julianday(h.valid_until) > julianday('now'))
        UNION ALL
        SELECT held.source, held.account, n.entitlement, held.trail || n.entitlement || ' ',
               coalesce(held.path || ' > ', '')
               || (SELECT o.type || '/' || o.entitlement_id FROM entitlements o WHERE o.id = n.holder)
        FROM held JOIN assignments n ON n.holder = held.entitlement AND n.holder > 0
        WHERE n.removed_run IS NULL AND n.state IS NULL
              AND (n.valid_until IS NULL OR julianday(n.valid_until) > julianday('now'))
              AND instr(held.trail, ' ' || n.entitlement || ' ') = 0
    )
    SELECT DISTINCT s.name AS source, held.account AS account_id, a.name AS account, e.type, e.entitlement_id,
           e.name AS entitlement, held.path
    FROM held
    JOIN sources s ON s.id = held.source
    JOIN entitlements e ON e.id = held.entitlement
    LEFT JOIN accounts a ON a.source = held.source AND a.account_id = held.account;
