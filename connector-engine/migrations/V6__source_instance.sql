-- The system's own id (an org, a tenant, a naming context), where the connector reads it. Another one behind the same
-- source is refused.
ALTER TABLE sources ADD COLUMN instance TEXT;

-- A live cursor ends with a connection; its anchor is the cursor to go back to.
ALTER TABLE frontier ADD COLUMN anchor TEXT;
-- How many pages from this anchor on may show only rows that the run has seen.
ALTER TABLE frontier ADD COLUMN again INTEGER NOT NULL DEFAULT 0;
-- How often the read went back to this anchor since the last new row.
ALTER TABLE frontier ADD COLUMN returns INTEGER NOT NULL DEFAULT 0;
