resource "zenml_workspace_role_assignment" "developers" {
  workspace_id = zenml_workspace.alpha.id
  team_id      = zenml_team.developers.id
  role         = "member"
}
