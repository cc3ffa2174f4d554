# The password reaches the tracker, and neither the configuration nor the state.
resource "zenml_stack_component" "tracking_with_reference" {
  workspace_id = zenml_workspace.alpha.id
  name         = "tracking-with-reference"
  type         = "experiment_tracker"
  flavor       = "mlflow"
  configuration = {
    tracking_uri      = "https://mlflow.example.com"
    tracking_username = provider::zenml::secret_reference(zenml_secret.mlflow.name, "username")
    tracking_password = provider::zenml::secret_reference(zenml_secret.mlflow.name, "password")
  }
}
