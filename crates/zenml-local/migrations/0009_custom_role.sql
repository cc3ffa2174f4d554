-- Custom roles. Permissions are words like stack:read, each between two spaces. What a role allows also contains what
-- its permissions imply; predefined roles leave both columns empty, because their permissions are the policy's.

ALTER TABLE role ADD COLUMN permissions TEXT NOT NULL DEFAULT '';
ALTER TABLE role ADD COLUMN allows TEXT NOT NULL DEFAULT '';
