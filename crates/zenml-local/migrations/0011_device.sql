-- Logins that wait for a person are apart from devices, so that a login that nobody has confirmed changes no device.
-- The tokens of earlier devices do not name their device, and could not be ended. They are no longer accepted.
DROP TABLE device;
CREATE TABLE device (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    session_id TEXT NOT NULL,
    is_trusted BIGINT NOT NULL,
    is_locked BIGINT NOT NULL DEFAULT 0,
    metadata TEXT NOT NULL,
    hostname TEXT,
    os TEXT,
    address TEXT,
    python_version TEXT,
    zenml_version TEXT,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    last_login TEXT NOT NULL,
    expires TEXT NOT NULL
);
CREATE INDEX device_by_account ON device (account_id);
CREATE INDEX device_by_time ON device (expires);

CREATE TABLE device_login (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    account_id TEXT REFERENCES account (id) ON DELETE CASCADE,
    session_epoch BIGINT NOT NULL DEFAULT 0,
    user_digest BLOB,
    device_digest BLOB NOT NULL,
    status TEXT NOT NULL,
    is_trusted BIGINT NOT NULL DEFAULT 0,
    metadata TEXT,
    hostname TEXT,
    os TEXT,
    address TEXT,
    python_version TEXT,
    zenml_version TEXT,
    created TEXT NOT NULL,
    expires TEXT NOT NULL
);
CREATE INDEX device_login_by_user_code ON device_login (user_digest);
CREATE INDEX device_login_by_device_code ON device_login (device_digest);
CREATE INDEX device_login_by_account ON device_login (account_id);
CREATE INDEX device_login_by_time ON device_login (expires);
