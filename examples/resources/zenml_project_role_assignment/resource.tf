resource "zenml_project_role_assignment" "developers" {
  workspace_id = zenml_workspace.alpha.id
  project_id   = zenml_project.recommendation.id
  team_id      = zenml_team.developers.id
  role         = "contributor"
}
