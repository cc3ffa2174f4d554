resource "zenml_secret" "mlflow" {
  workspace_id = zenml_workspace.alpha.id
  name         = "alpha-mlflow"

  values = {
    username = var.mlflow_username
    password = var.mlflow_password
  }
}
