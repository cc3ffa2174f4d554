-- Embedded workspaces. An owner is the control plane's id of an account; an object without one belongs to the server.
-- Maps and lists are JSON. What may hold a secret
-- is sealed, configurations included: nobody marks the secrets of a type that the platform does not know.

-- Accounts as a workspace knows them, made at the first login.
CREATE TABLE local_account (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
    external_user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    full_name TEXT NOT NULL,
    email TEXT,
    avatar_url TEXT,
    is_admin BIGINT NOT NULL,
    is_service_account BIGINT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    UNIQUE (workspace_id, external_user_id)
);

CREATE TABLE project (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    description TEXT NOT NULL,
    project_metadata TEXT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    UNIQUE (workspace_id, name)
);

-- Names are unique among public secrets and among the private ones of one owner; private_to is empty for public ones.
CREATE TABLE secret (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
    owner_id TEXT,
    name TEXT NOT NULL,
    private_to TEXT NOT NULL,
    sealed_values BLOB NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    UNIQUE (workspace_id, name, private_to)
);

CREATE TABLE connector (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
    owner_id TEXT,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    connector_type TEXT NOT NULL,
    auth_method TEXT NOT NULL,
    resource_types TEXT NOT NULL,
    resource_id TEXT,
    supports_instances BIGINT NOT NULL,
    expires_at TEXT,
    expires_skew_tolerance BIGINT,
    expiration_seconds BIGINT,
    sealed_configuration BLOB NOT NULL,
    sealed_secrets BLOB NOT NULL,
    labels TEXT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    UNIQUE (workspace_id, name)
);

CREATE TABLE component (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
    owner_id TEXT,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    flavor TEXT NOT NULL,
    sealed_configuration BLOB NOT NULL,
    environment TEXT,
    labels TEXT,
    connector_id TEXT REFERENCES connector (id),
    connector_resource_id TEXT,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    UNIQUE (workspace_id, type, name)
);
CREATE INDEX component_by_connector ON component (connector_id);

CREATE TABLE component_secret (
    component_id TEXT NOT NULL REFERENCES component (id) ON DELETE CASCADE,
    secret_id TEXT NOT NULL REFERENCES secret (id) ON DELETE CASCADE,
    PRIMARY KEY (component_id, secret_id)
);
CREATE INDEX component_secret_by_secret ON component_secret (secret_id);

CREATE TABLE stack (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
    owner_id TEXT,
    name TEXT NOT NULL,
    description TEXT,
    stack_spec_path TEXT,
    environment TEXT,
    labels TEXT,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    UNIQUE (workspace_id, name)
);

CREATE TABLE stack_component (
    stack_id TEXT NOT NULL REFERENCES stack (id) ON DELETE CASCADE,
    component_id TEXT NOT NULL REFERENCES component (id),
    position BIGINT NOT NULL,
    PRIMARY KEY (stack_id, component_id)
);
CREATE INDEX stack_component_by_component ON stack_component (component_id);

CREATE TABLE stack_secret (
    stack_id TEXT NOT NULL REFERENCES stack (id) ON DELETE CASCADE,
    secret_id TEXT NOT NULL REFERENCES secret (id) ON DELETE CASCADE,
    PRIMARY KEY (stack_id, secret_id)
);
CREATE INDEX stack_secret_by_secret ON stack_secret (secret_id);
