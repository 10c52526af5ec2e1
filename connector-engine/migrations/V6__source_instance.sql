-- The system's own id (an org, a tenant, a naming context), where the connector reads it. Another one behind the same
-- source is refused.
ALTER TABLE sources ADD COLUMN instance TEXT;
