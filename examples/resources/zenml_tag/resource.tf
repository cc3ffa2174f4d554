resource "zenml_tag" "champion" {
  workspace_id = zenml_workspace.alpha.id
  name         = "champion"
  color        = "green"
  exclusive    = true
}
