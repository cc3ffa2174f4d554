resource "zenml_secret" "github" {
  workspace_id = zenml_workspace.alpha.id
  name         = "alpha-github"

  values = {
    token = var.github_token
  }
}

# The token stays in a secret; the repository refers to it.
resource "zenml_code_repository" "training" {
  workspace_id = zenml_workspace.alpha.id
  project_id   = zenml_project.recommendation.id
  name         = "training"
  description  = "Pipelines that train the recommendation models."
  type         = "github"

  config = {
    owner      = "acme"
    repository = "training"
    token      = "{{${zenml_secret.github.name}.token}}"
  }
}

# A repository that a custom class reads.
resource "zenml_code_repository" "archive" {
  workspace_id = zenml_workspace.alpha.id
  project_id   = zenml_project.recommendation.id
  name         = "archive"

  source = {
    module    = "acme_repositories.archive"
    attribute = "ArchiveRepository"
  }

  config = {
    root = "/mnt/archive"
  }
}
