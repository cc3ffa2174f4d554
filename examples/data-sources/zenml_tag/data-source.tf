data "zenml_tag" "champion" {
  workspace_id = data.zenml_workspace.alpha.id
  name         = "champion"
}
