# All roles that a team has in the projects of the provider's workspace.
list "zenml_project_role_assignment" "builders" {
  provider = zenml

  config {
    team_id = var.team_id
  }
}
