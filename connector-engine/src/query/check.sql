-- What must not be so in a store: a rule and a sentence each.
WITH known AS (SELECT number FROM runs),
-- The last run of a source, if nothing has changed its rows since. A run does not count what entitlements hold.
newest AS (
    SELECT r.*, s.name AS source_name FROM runs r JOIN sources s ON s.id = r.source
    WHERE r.status = 'succeeded' AND r.number = (SELECT max(n.number) FROM runs n WHERE n.source = r.source)
),
counts (id, source_name, what, said, there) AS (
    SELECT id, source_name, 'accounts added', accounts_added,
           (SELECT count(*) FROM accounts a WHERE a.source = newest.source AND a.added_run = newest.number) FROM newest
    UNION ALL
    SELECT id, source_name, 'accounts removed', accounts_removed,
           (SELECT count(*) FROM accounts a WHERE a.source = newest.source AND a.removed_run = newest.number) FROM newest
    UNION ALL
    SELECT id, source_name, 'entitlements added', entitlements_added,
           (SELECT count(*) FROM entitlements e WHERE e.source = newest.source AND e.added_run = newest.number) FROM newest
    UNION ALL
    SELECT id, source_name, 'entitlements removed', entitlements_removed,
           (SELECT count(*) FROM entitlements e WHERE e.source = newest.source AND e.removed_run = newest.number) FROM newest
    UNION ALL
    SELECT id, source_name, 'assignments added', assignments_added,
           (SELECT count(*) FROM assignments h WHERE h.source = newest.source AND h.holder = 0 AND h.added_run = newest.number) FROM newest
    UNION ALL
    SELECT id, source_name, 'assignments removed', assignments_removed,
           (SELECT count(*) FROM assignments h WHERE h.source = newest.source AND h.holder = 0 AND h.removed_run = newest.number) FROM newest
),
dated (source, kind, first_run, added_run, changed_run, removed_run) AS (
    SELECT source, 'accounts', first_run, added_run, changed_run, removed_run FROM accounts
    UNION ALL SELECT source, 'entitlements', first_run, added_run, changed_run, removed_run FROM entitlements
    UNION ALL SELECT source, 'assignments', first_run, added_run, changed_run, removed_run FROM assignments
)
SELECT 'reference', printf('%d assignments of `%s` name entitlements that do not exist', count(*), coalesce(s.name, CAST(h.source AS TEXT)))
FROM assignments h LEFT JOIN sources s ON s.id = h.source
WHERE NOT EXISTS (SELECT 1 FROM entitlements e WHERE e.id = h.entitlement AND e.source = h.source)
   OR (h.holder > 0 AND NOT EXISTS (SELECT 1 FROM entitlements e WHERE e.id = h.holder AND e.source = h.source))
   OR (h.through > 0 AND NOT EXISTS (SELECT 1 FROM entitlements e WHERE e.id = h.through AND e.source = h.source))
GROUP BY h.source, s.name
UNION ALL
SELECT 'run', printf('%d %s of `%s` name runs that do not exist', count(*), d.kind, coalesce(s.name, CAST(d.source AS TEXT)))
FROM dated d LEFT JOIN sources s ON s.id = d.source
WHERE first_run NOT IN (SELECT number FROM known) OR added_run NOT IN (SELECT number FROM known) OR changed_run NOT IN (SELECT number FROM known) OR removed_run NOT IN (SELECT number FROM known)
GROUP BY d.source, d.kind, s.name
UNION ALL
SELECT 'count', printf('the run %s of `%s` counted %d %s, but the table has %d', id, source_name, said, what, there)
FROM counts WHERE said <> there
UNION ALL
SELECT 'frontier', printf('%d runs of `%s` have cursors to continue from, but only one can continue', count(DISTINCT r.number), s.name)
FROM frontier f JOIN runs r ON r.number = f.run JOIN sources s ON s.id = r.source
GROUP BY r.source, s.name HAVING count(DISTINCT r.number) > 1
UNION ALL
SELECT 'frontier', printf('the run %s of `%s` succeeded, but it still has cursors to continue from', r.id, s.name)
FROM frontier f JOIN runs r ON r.number = f.run JOIN sources s ON s.id = r.source
WHERE r.status = 'succeeded' GROUP BY r.number, r.id, s.name
UNION ALL
SELECT 'frontier', printf('the run %s of `%s` succeeded, but assignments still wait to be written', r.id, s.name)
FROM waiting_assignments w JOIN runs r ON r.number = w.run JOIN sources s ON s.id = r.source
WHERE r.status = 'succeeded' GROUP BY r.number, r.id, s.name
UNION ALL
-- Names of new accounts wait as long as the run is not finished.
SELECT 'name', printf('%d accounts of `%s` can not be found by their names', count(*), s.name)
FROM accounts a JOIN sources s ON s.id = a.source
WHERE NOT EXISTS (SELECT 1 FROM account_names n WHERE n.source = a.source AND n.name = a.name AND n.account = a.id)
  AND a.first_run NOT IN (SELECT run FROM waiting_assignments)
GROUP BY a.source, s.name
UNION ALL
SELECT 'name', printf('%d names of `%s` belong to accounts that do not exist', count(*), s.name)
FROM account_names n JOIN sources s ON s.id = n.source
WHERE NOT EXISTS (SELECT 1 FROM accounts a WHERE a.id = n.account AND a.source = n.source)
GROUP BY n.source, s.name
