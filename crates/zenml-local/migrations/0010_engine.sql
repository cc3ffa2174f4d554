-- Which engine runs a workspace, and the loopback port of its server, which addresses in Terraform state contain.

ALTER TABLE workspace ADD COLUMN engine TEXT NOT NULL DEFAULT 'embedded';
ALTER TABLE workspace ADD COLUMN port BIGINT;
CREATE UNIQUE INDEX workspace_port ON workspace (port) WHERE port IS NOT NULL;
