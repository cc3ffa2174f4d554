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
