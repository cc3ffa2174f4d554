output "server_version" {
  description = "Version of the server."
  value       = data.zenml_server.this.version
}

output "artifact_path" {
  description = "Path of the artifacts of both stacks. Settings can contain passwords, so all of them are sensitive."
  value       = nonsensitive(lookup(data.zenml_stack_component.store.configuration, "path", null))
}

output "connector_of_store" {
  description = "Name of the connector that gives access to the artifacts."
  value = one([
    for name, connector in data.zenml_service_connectors.all.connectors : name
    if connector.id == data.zenml_stack_component.store.connector_id
  ])
}

output "stack_ids" {
  description = "IDs of the stacks with the same name prefix, by name."
  value       = { for name, stack in data.zenml_stacks.ours.stacks : name => stack.id }
}
