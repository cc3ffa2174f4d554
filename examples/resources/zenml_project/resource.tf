resource "zenml_project" "recommendation" {
  workspace_id = zenml_workspace.alpha.id
  name         = "recommendation-engine"
  display_name = "Recommendation Engine"
  description  = "Recommends products from what customers looked at."

  metadata = {
    team = "alpha"
  }
}
