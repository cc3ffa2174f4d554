resource "zenml_stack_component" "artifacts" {
  workspace_id          = zenml_workspace.alpha.id
  name                  = "s3-artifacts"
  type                  = "artifact_store"
  flavor                = "s3"
  connector_id          = zenml_service_connector.aws.id
  connector_resource_id = "s3://alpha-artifacts"

  configuration = {
    path = "s3://alpha-artifacts/runs"
  }
}

# The password stays in a secret; the component refers to it.
resource "zenml_stack_component" "tracker" {
  workspace_id = zenml_workspace.alpha.id
  name         = "mlflow"
  type         = "experiment_tracker"
  flavor       = "mlflow"

  configuration = {
    tracking_uri      = "https://mlflow.example.com"
    tracking_username = "{{${zenml_secret.mlflow.name}.username}}"
    tracking_password = "{{${zenml_secret.mlflow.name}.password}}"
  }

  labels = {
    team = "alpha"
  }
}

# Settings with their types.
resource "zenml_stack_component" "kubernetes" {
  workspace_id = zenml_workspace.alpha.id
  name         = "alpha-kubernetes"
  type         = "orchestrator"
  flavor       = "kubernetes"

  settings = {
    kubernetes_namespace = "zenml"
    synchronous          = false
    max_parallelism      = 8
  }

  environment = {
    TEAM = "alpha"
  }
}
