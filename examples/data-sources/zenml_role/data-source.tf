data "zenml_role" "stack_admin" {
  name  = "Stack Admin"
  level = "workspace"
}

resource "zenml_workspace_role_assignment" "operations" {
  workspace_id = zenml_workspace.alpha.id
  team_id      = zenml_team.operations.id
  role_id      = data.zenml_role.stack_admin.id
}
