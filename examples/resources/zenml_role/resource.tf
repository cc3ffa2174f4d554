resource "zenml_role" "deployer" {
  name        = "Model Deployer"
  description = "Uses stacks and their connectors, and promotes models."
  level       = "workspace"

  permissions = {
    stack             = ["read"]
    stack_component   = ["read"]
    service_connector = ["read", "client"]
    model             = ["read", "promote"]
  }
}

resource "zenml_workspace_role_assignment" "deployers" {
  workspace_id = zenml_workspace.alpha.id
  team_id      = zenml_team.developers.id
  role_id      = zenml_role.deployer.id
}
