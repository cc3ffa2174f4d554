resource "zenml_stack" "dev" {
  workspace_id = zenml_workspace.alpha.id
  name         = "alpha-dev-stack"
  description  = "For trying things out."

  components = {
    orchestrator       = zenml_stack_component.kubernetes.id
    artifact_store     = zenml_stack_component.artifacts.id
    experiment_tracker = zenml_stack_component.tracker.id
  }

  labels = {
    environment = "development"
  }
}

# Several components of one type, in order: the first alerter is the default.
resource "zenml_stack" "watched" {
  workspace_id = zenml_workspace.alpha.id
  name         = "alpha-watched-stack"

  component_lists = {
    orchestrator   = [zenml_stack_component.kubernetes.id]
    artifact_store = [zenml_stack_component.artifacts.id]
    alerter        = [zenml_stack_component.team_alerts.id, zenml_stack_component.incidents.id]
  }

  environment = {
    LOG_LEVEL = "info"
  }
  secrets = [zenml_secret.mlflow.id]
}
