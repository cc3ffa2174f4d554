-- The project that a person works in, in one workspace.

ALTER TABLE local_account ADD COLUMN default_project_id TEXT REFERENCES project (id) ON DELETE SET NULL;
