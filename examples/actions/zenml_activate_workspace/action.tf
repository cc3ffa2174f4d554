action "zenml_activate_workspace" "alpha" {
  config {
    workspace_id = zenml_workspace.alpha.id
  }
}
