locals {
  component = provider::zenml::parse_import_id("zenml_stack_component", "alpha/artifact_store/team-artifacts")
}

output "component_type" {
  value = local.component["type"] # artifact_store
}

output "component_workspace" {
  value = local.component["workspace"] # alpha
}
