-- Whether a flavor counts as added by somebody, which whoever adds it may deny.

ALTER TABLE flavor ADD COLUMN is_custom BIGINT NOT NULL DEFAULT 1;
