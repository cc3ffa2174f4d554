data "zenml_project" "recommendation" {
  workspace_id = data.zenml_workspace.alpha.id
  name         = "recommendation-engine"
}
