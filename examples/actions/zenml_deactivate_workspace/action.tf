# Saves costs overnight.
action "zenml_deactivate_workspace" "alpha" {
  config {
    workspace_id = zenml_workspace.alpha.id
    timeouts     = { invoke = "10m" }
  }
}
