# Operations can change the login of MLflow, whoever created it.
resource "zenml_resource_share" "mlflow" {
  workspace_id  = zenml_workspace.alpha.id
  resource_type = "secret"
  resource_id   = zenml_secret.mlflow.id
  team_id       = zenml_team.operations.id
  actions       = ["read", "read_secret_value", "update"]
}

# An object of a project also needs the project.
resource "zenml_resource_share" "training" {
  workspace_id  = zenml_workspace.alpha.id
  project_id    = zenml_code_repository.training.project_id
  resource_type = "code_repository"
  resource_id   = zenml_code_repository.training.id
  team_id       = zenml_team.developers.id
  actions       = ["read"]
}
