-- What permission checks and lists look up, each as one index, so that their cost depends on what is asked and not
-- on how much somebody holds.

-- A principal's roles in one scope.
DROP INDEX assignment_by_principal;
CREATE INDEX assignment_by_principal
    ON assignment (principal_kind, principal_id, organization_id, workspace_id, project_id, role_id);

-- A principal's organizations, without its roles in their workspaces.
CREATE INDEX assignment_of_organization
    ON assignment (principal_kind, principal_id, organization_id, role_id) WHERE workspace_id = '';

-- The roles in one scope.
DROP INDEX assignment_by_workspace;
CREATE INDEX assignment_by_workspace ON assignment (workspace_id, project_id);
CREATE INDEX assignment_by_organization ON assignment (organization_id, workspace_id, project_id);

-- A principal's shares in one workspace. The primary key finds the holders of one object's shares.
DROP INDEX share_by_principal;
CREATE INDEX share_by_principal ON share (principal_kind, principal_id, workspace_id, resource);

-- The teams of one member. The primary key finds the members of one team.
DROP INDEX team_member_by_member;
CREATE INDEX team_member_by_member ON team_member (kind, member_id, team_id);

-- Lists of a workspace in their usual order, with what decides who may see a row.
CREATE INDEX local_account_by_creation ON local_account (workspace_id, created, id);
CREATE INDEX project_by_creation ON project (workspace_id, created, id);
CREATE INDEX secret_by_creation ON secret (workspace_id, created, id, owner_id, private_to);
CREATE INDEX connector_by_creation ON connector (workspace_id, created, id, owner_id);
CREATE INDEX component_by_creation ON component (workspace_id, created, id, owner_id);
CREATE INDEX component_by_name ON component (workspace_id, name);
CREATE INDEX stack_by_creation ON stack (workspace_id, created, id, owner_id);
CREATE INDEX tag_by_creation ON tag (workspace_id, created, id, owner_id);
CREATE INDEX code_repository_by_creation ON code_repository (workspace_id, project_id, created, id, owner_id);

-- Lists of the control plane.
CREATE INDEX organization_by_creation ON organization (created, id);
CREATE INDEX workspace_by_owner ON workspace (owner_id, organization_id);
CREATE INDEX account_by_creation ON account (created, id);
CREATE INDEX account_by_lower_email ON account (lower(email));
DROP INDEX workspace_by_organization;
CREATE INDEX workspace_by_organization ON workspace (organization_id, created, id);
