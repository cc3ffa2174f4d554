# The stack "default" of a workspace, by name.
output "import_id_of_stack" {
  value = provider::zenml::import_id("zenml_stack", {
    workspace_id = zenml_workspace.alpha.id
    name         = "default"
  })
}

# A role of a team.
output "import_id_of_role_assignment" {
  value = provider::zenml::import_id("zenml_workspace_role_assignment", {
    workspace_id = zenml_workspace.alpha.id
    team_id      = zenml_team.operations.id
    role         = "developer"
  })
}
