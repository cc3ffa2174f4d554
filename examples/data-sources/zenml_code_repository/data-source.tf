data "zenml_code_repository" "training" {
  workspace_id = data.zenml_workspace.alpha.id
  project_id   = data.zenml_project.recommendation.id
  name         = "training"
}
