-- The control plane. Ids are UUIDs in lower case, times are naive UTC, booleans are 0 and 1, and an absent scope is
-- the empty text where it is part of a key.

CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- People and service accounts. A name that was given away once is not protected here: ids are what counts.
CREATE TABLE account (
    id TEXT PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    email TEXT,
    name TEXT,
    description TEXT,
    avatar_url TEXT,
    company TEXT,
    job_title TEXT,
    metadata TEXT NOT NULL DEFAULT '{}',
    password_hash TEXT,
    password_expired BIGINT NOT NULL DEFAULT 0,
    is_active BIGINT NOT NULL DEFAULT 1,
    is_superuser BIGINT NOT NULL DEFAULT 0,
    is_service_account BIGINT NOT NULL DEFAULT 0,
    organization_id TEXT,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
);
CREATE INDEX account_by_email ON account (email);
CREATE INDEX account_by_organization ON account (organization_id);

CREATE TABLE api_key (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT,
    digest BLOB NOT NULL,
    is_active BIGINT NOT NULL DEFAULT 1,
    expires TEXT,
    last_login TEXT,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    UNIQUE (account_id, name)
);

CREATE TABLE organization (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    logo_url TEXT,
    owner_id TEXT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
);

CREATE TABLE role (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    level TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    system_managed BIGINT NOT NULL,
    type TEXT NOT NULL DEFAULT 'normal',
    position BIGINT NOT NULL,
    UNIQUE (organization_id, level, name)
);

CREATE TABLE team (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT,
    owner_id TEXT,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    UNIQUE (organization_id, name)
);

-- Members are people, service accounts (both are kind 'user') and, later, invitations.
CREATE TABLE team_member (
    team_id TEXT NOT NULL REFERENCES team (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    member_id TEXT NOT NULL,
    created TEXT NOT NULL,
    PRIMARY KEY (team_id, kind, member_id)
);
CREATE INDEX team_member_by_member ON team_member (member_id);

CREATE TABLE invitation (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    email TEXT NOT NULL,
    role_id TEXT NOT NULL,
    status TEXT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
);

CREATE TABLE workspace (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organization (id),
    name TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    description TEXT,
    logo_url TEXT,
    owner_id TEXT NOT NULL,
    is_managed BIGINT NOT NULL,
    version TEXT NOT NULL,
    server_url TEXT,
    server_version TEXT,
    enrollment_digest BLOB,
    desired_state TEXT NOT NULL,
    status TEXT NOT NULL,
    state_reason TEXT NOT NULL DEFAULT '',
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    status_updated TEXT
);
CREATE INDEX workspace_by_organization ON workspace (organization_id);

-- A role that a principal holds in a scope. The tuple is the identity; there is no id.
CREATE TABLE assignment (
    role_id TEXT NOT NULL REFERENCES role (id) ON DELETE CASCADE,
    organization_id TEXT NOT NULL,
    principal_kind TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL DEFAULT '',
    project_id TEXT NOT NULL DEFAULT '',
    created TEXT NOT NULL,
    PRIMARY KEY (role_id, principal_kind, principal_id, workspace_id, project_id)
);
CREATE INDEX assignment_by_principal ON assignment (principal_kind, principal_id);
CREATE INDEX assignment_by_workspace ON assignment (workspace_id);

-- What a principal may do with one object of a workspace beyond its roles.
CREATE TABLE share (
    workspace_id TEXT NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
    resource TEXT NOT NULL,
    principal_kind TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    actions TEXT NOT NULL,
    created TEXT NOT NULL,
    PRIMARY KEY (workspace_id, resource, principal_kind, principal_id)
);
CREATE INDEX share_by_principal ON share (principal_kind, principal_id);

-- How much of a metered feature a workspace uses; a repeated event for the same object counts once.
CREATE TABLE usage_event (
    workspace_id TEXT NOT NULL,
    feature TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    total BIGINT NOT NULL,
    created TEXT NOT NULL,
    PRIMARY KEY (workspace_id, feature, resource_id, total)
);

-- Who did what, when, from where, with which result. Rows are only ever added.
CREATE TABLE audit (
    sequence BIGINT PRIMARY KEY,
    at TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT,
    actor_name TEXT NOT NULL,
    action TEXT NOT NULL,
    kind TEXT NOT NULL,
    object_id TEXT,
    object_name TEXT,
    organization_id TEXT,
    workspace_id TEXT,
    detail TEXT,
    status BIGINT NOT NULL,
    reason TEXT,
    request_id TEXT,
    remote TEXT
);
CREATE INDEX audit_by_time ON audit (at);

-- Answers of requests that carried an idempotency key, sealed because they may hold secrets.
CREATE TABLE idempotency (
    account_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    answer BLOB NOT NULL,
    created TEXT NOT NULL,
    PRIMARY KEY (account_id, scope, idempotency_key)
);
CREATE INDEX idempotency_by_time ON idempotency (created);
