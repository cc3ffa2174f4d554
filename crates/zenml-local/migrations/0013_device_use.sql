-- A device ends with the password of its account and with its deactivation, as its token does, and is not listed any more.
ALTER TABLE device ADD COLUMN session_epoch BIGINT NOT NULL DEFAULT 0;
UPDATE device SET session_epoch = (SELECT session_epoch FROM account WHERE account.id = device.account_id);
-- When its token was used last, to the minute.
ALTER TABLE device ADD COLUMN last_used TEXT;
