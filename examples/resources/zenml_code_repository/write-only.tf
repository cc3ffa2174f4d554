# Neither the plan nor the state contains the token. Increase the version to send the configuration again.
resource "zenml_code_repository" "training_write_only" {
  workspace_id = zenml_workspace.alpha.id
  project_id   = zenml_project.recommendation.id
  name         = "training-write-only"
  type         = "github"

  config_wo = {
    owner      = "acme"
    repository = "training"
    token      = var.github_token
  }
  config_wo_version = 1
}
