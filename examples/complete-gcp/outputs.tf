output "stack_id" {
  description = "ID of the stack, for `zenml stack set`."
  value       = zenml_stack.this.id
}

output "connector_ids" {
  description = "IDs of the service connectors, by resource type."
  value       = { for resource, connector in zenml_service_connector.this : resource => connector.id }
}

output "component_ids" {
  description = "IDs of the components of the stack, by type."
  value       = zenml_stack.this.components
}
