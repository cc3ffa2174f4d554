-- Invitations: until when they can be accepted, whether they are accepted at the next login, and who accepted them.

ALTER TABLE invitation ADD COLUMN expires TEXT NOT NULL DEFAULT '';
ALTER TABLE invitation ADD COLUMN is_trusted BIGINT NOT NULL DEFAULT 0;
ALTER TABLE invitation ADD COLUMN account_id TEXT;
CREATE INDEX invitation_by_email ON invitation (lower(email), organization_id);
CREATE INDEX invitation_by_organization ON invitation (organization_id, created, id);

-- Domains whose people join without a reply of their own, as a JSON list.
ALTER TABLE organization ADD COLUMN trusted_domains TEXT NOT NULL DEFAULT '[]';
