data "zenml_stack_component" "artifacts" {
  workspace_id = data.zenml_workspace.alpha.id
  name         = "s3-artifacts"
  type         = "artifact_store"
}

output "artifacts_connector_id" {
  value = data.zenml_stack_component.artifacts.connector_id
}
