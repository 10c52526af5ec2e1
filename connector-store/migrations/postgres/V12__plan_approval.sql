-- Who wrote a plan and who approved it; as in SQLite.
ALTER TABLE plans ADD COLUMN author TEXT COLLATE "C";
ALTER TABLE plans ADD COLUMN approver TEXT COLLATE "C";
ALTER TABLE plans ADD COLUMN approved_at TEXT COLLATE "C";
ALTER TABLE plans ADD COLUMN approved_digest TEXT COLLATE "C";
