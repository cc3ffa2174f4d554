# All workspaces that are not running.
list "zenml_workspace" "deactivated" {
  provider = zenml

  config {
    status = "deactivated"
  }
}
