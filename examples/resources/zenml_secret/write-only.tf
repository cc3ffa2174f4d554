# Neither the plan nor the state contains the values. Increase the version to send them again.
resource "zenml_secret" "mlflow_write_only" {
  workspace_id = zenml_workspace.alpha.id
  name         = "alpha-mlflow-write-only"

  values_wo = {
    username = var.mlflow_username
    password = var.mlflow_password
  }
  values_wo_version = 1
}
