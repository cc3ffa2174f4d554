-- Tags, code repositories and the flavors that people add to the built-in ones.

CREATE TABLE tag (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
    owner_id TEXT,
    name TEXT NOT NULL,
    color TEXT NOT NULL,
    exclusive BIGINT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    UNIQUE (workspace_id, name)
);

-- The configuration may hold tokens in clear.
CREATE TABLE code_repository (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
    project_id TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    owner_id TEXT,
    name TEXT NOT NULL,
    sealed_config BLOB NOT NULL,
    source TEXT NOT NULL,
    logo_url TEXT,
    description TEXT,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    UNIQUE (project_id, name)
);

-- Without a display name a flavor has one that follows from its name.
CREATE TABLE flavor (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
    owner_id TEXT,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    display_name TEXT,
    integration TEXT,
    source TEXT NOT NULL,
    config_schema TEXT NOT NULL,
    connector_type TEXT,
    connector_resource_type TEXT,
    connector_resource_id_attr TEXT,
    logo_url TEXT,
    docs_url TEXT,
    sdk_docs_url TEXT,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    UNIQUE (workspace_id, type, name)
);
