resource "zenml_stack_role_assignment" "developers" {
  workspace_id  = zenml_workspace.alpha.id
  stack_id      = zenml_stack.dev.id
  team_id       = zenml_team.developers.id
  role          = "write"
  component_ids = values(zenml_stack.dev.components)
}
