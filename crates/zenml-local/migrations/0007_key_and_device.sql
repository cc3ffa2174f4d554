-- Rotation of API keys. A rotated key keeps its id; the generation says which secret a token comes from.

ALTER TABLE api_key ADD COLUMN generation BIGINT NOT NULL DEFAULT 0;
ALTER TABLE api_key ADD COLUMN rotated TEXT;

-- The secret of the generation before, while it is retained.
ALTER TABLE api_key ADD COLUMN retained_digest BLOB;
ALTER TABLE api_key ADD COLUMN retained_until TEXT;

-- Devices: a client that shows a code, which a person confirms elsewhere. The codes are used once, and the epoch is that
-- of the account when it confirmed.
CREATE TABLE device (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    account_id TEXT REFERENCES account (id) ON DELETE CASCADE,
    session_epoch BIGINT NOT NULL DEFAULT 0,
    user_digest BLOB,
    device_digest BLOB,
    is_trusted BIGINT NOT NULL DEFAULT 0,
    metadata TEXT,
    status TEXT NOT NULL,
    expires TEXT NOT NULL
);
CREATE INDEX device_by_user_code ON device (user_digest);
CREATE INDEX device_by_device_code ON device (device_digest);
CREATE INDEX device_by_time ON device (expires);
