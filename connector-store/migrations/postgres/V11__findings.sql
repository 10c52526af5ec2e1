-- For people with an SQL client: what the rules of `connector findings` find that need nothing but the store; as in SQLite, where the
-- comments say what they mean.

CREATE VIEW finding_expired_assignment AS
    SELECT source, account_id, account, type, entitlement_id, entitlement, valid_until
    FROM all_assignments WHERE account_id IS NOT NULL AND state = 'expired';

CREATE VIEW finding_inactive_assignment AS
    SELECT source, account_id, account, type, entitlement_id, entitlement, valid_until
    FROM all_assignments WHERE account_id IS NOT NULL AND state = 'inactive';

CREATE VIEW finding_ending_assignment AS
    SELECT source, account_id, account, type, entitlement_id, entitlement, valid_until
    FROM all_assignments
    WHERE account_id IS NOT NULL AND state = 'active' AND valid_until::TIMESTAMPTZ <= now() + INTERVAL '14 days';

CREATE VIEW finding_unowned_account AS
    SELECT source, account_id, name AS account, kind
    FROM current_accounts
    WHERE enabled = 1 AND kind IN ('service', 'machine', 'agent') AND coalesce(owner, '') = '';

CREATE VIEW finding_disabled_account_access AS
    SELECT s.name AS source, h.account AS account_id, a.name AS account, e.type, e.entitlement_id, e.name AS entitlement
    FROM assignments h
    JOIN sources s ON s.id = h.source
    JOIN accounts a ON a.source = h.source AND a.account_id = h.account
    JOIN entitlements e ON e.id = h.entitlement
    WHERE h.removed_run IS NULL AND a.removed_run IS NULL AND a.enabled = 0 AND h.inline = 0 AND h.state IS NULL
          AND (h.valid_until IS NULL OR h.valid_until::TIMESTAMPTZ > now());

CREATE VIEW finding_direct_beside_group AS
    WITH direct AS (
        SELECT s.name AS source, h.account AS account_id, e.type, e.entitlement_id
        FROM assignments h
        JOIN sources s ON s.id = h.source
        JOIN entitlements e ON e.id = h.entitlement
        WHERE h.removed_run IS NULL AND h.holder = 0 AND h.inline = 0 AND h.through = 0 AND h.state IS NULL
              AND (h.valid_until IS NULL OR h.valid_until::TIMESTAMPTZ > now())
    )
    SELECT DISTINCT f.source, f.account_id, f.account, f.type, f.entitlement_id, f.entitlement, f.path
    FROM effective_assignments f
    JOIN direct d ON d.source = f.source AND d.account_id = f.account_id AND d.type = f.type
                 AND d.entitlement_id = f.entitlement_id
    JOIN direct g ON g.source = f.source AND g.account_id = f.account_id
                 AND substr(f.path || ' > ', 1, length(g.type || '/' || g.entitlement_id || ' > '))
                     = g.type || '/' || g.entitlement_id || ' > '
    WHERE f.path IS NOT NULL;
