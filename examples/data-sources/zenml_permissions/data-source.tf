data "zenml_permissions" "workspace" {
  level = "workspace"
}

# Reads everything in a workspace, but no secret values.
resource "zenml_role" "observer" {
  name        = "Observer"
  level       = "workspace"
  permissions = { for type, actions in data.zenml_permissions.workspace.permissions : type => ["read"] }
}
