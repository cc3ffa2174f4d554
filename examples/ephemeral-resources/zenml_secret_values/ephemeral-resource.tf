ephemeral "zenml_secret_values" "mlflow" {
  workspace_id = zenml_workspace.alpha.id
  id           = zenml_secret.mlflow.id
}

# A copy with other keys. To copy changed values, increase the version.
resource "zenml_secret" "mlflow_copy" {
  workspace_id      = zenml_workspace.alpha.id
  name              = "alpha-mlflow-copy"
  values_wo         = { MLFLOW_TRACKING_PASSWORD = ephemeral.zenml_secret_values.mlflow.values["password"] }
  values_wo_version = 1
}
