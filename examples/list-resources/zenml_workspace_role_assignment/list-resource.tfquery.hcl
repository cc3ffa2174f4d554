# All admins of a workspace.
list "zenml_workspace_role_assignment" "admins" {
  provider = zenml

  config {
    workspace_id = var.workspace_id
    role         = "admin"
  }
}
