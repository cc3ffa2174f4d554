-- What ends tokens before their time. A token carries the epoch of its account and the session that it comes from.

-- Grows when everything that was made from the account's credentials so far must end.
ALTER TABLE account ADD COLUMN session_epoch BIGINT NOT NULL DEFAULT 0;

-- Sessions that were logged out, until their tokens would have expired.
CREATE TABLE ended_session (
    id TEXT PRIMARY KEY,
    expires TEXT NOT NULL
);
CREATE INDEX ended_session_by_time ON ended_session (expires);

-- An answer belongs to one request: its method, path, query and body.
DELETE FROM idempotency;
ALTER TABLE idempotency ADD COLUMN request BLOB NOT NULL DEFAULT x'';
