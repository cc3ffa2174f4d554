# All stacks that contain a component.
list "zenml_stack" "with_orchestrator" {
  provider = zenml

  config {
    component_id = var.component_id
  }
}
