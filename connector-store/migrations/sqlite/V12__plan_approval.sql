-- Who wrote a plan and who approved it, where more than one person works with a source.
ALTER TABLE plans ADD COLUMN author TEXT;           -- who previewed it first
ALTER TABLE plans ADD COLUMN approver TEXT;         -- who approved its preview last
ALTER TABLE plans ADD COLUMN approved_at TEXT;      -- RFC 3339
ALTER TABLE plans ADD COLUMN approved_digest TEXT;  -- of the preview that was approved
