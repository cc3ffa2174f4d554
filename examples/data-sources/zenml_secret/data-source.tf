data "zenml_secret" "mlflow" {
  workspace_id = data.zenml_workspace.alpha.id
  name         = "alpha-mlflow"
}

output "mlflow_secret_owner" {
  value = data.zenml_secret.mlflow.user_id
}
