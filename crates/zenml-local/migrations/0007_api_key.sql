-- Rotation of API keys. A rotated key keeps its id; the generation says which secret a token comes from.

ALTER TABLE api_key ADD COLUMN generation BIGINT NOT NULL DEFAULT 0;
ALTER TABLE api_key ADD COLUMN rotated TEXT;

-- The secret of the generation before, while it is retained.
ALTER TABLE api_key ADD COLUMN retained_digest BLOB;
ALTER TABLE api_key ADD COLUMN retained_until TEXT;
