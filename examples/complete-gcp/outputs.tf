output "stack_id" {
  description = "Id of the stack, as `zenml stack set` takes it."
  value       = zenml_stack.this.id
}

output "connector_ids" {
  description = "Ids of the service connectors, by what they reach."
  value       = { for resource, connector in zenml_service_connector.this : resource => connector.id }
}

output "component_ids" {
  description = "Ids of the components of the stack, by type."
  value       = zenml_stack.this.components
}
