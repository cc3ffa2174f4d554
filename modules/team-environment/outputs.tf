output "workspace_id" {
  description = "ID of the workspace."
  value       = zenml_workspace.this.id
}

output "workspace_url" {
  description = "URL of the workspace in the dashboard."
  value       = zenml_workspace.this.url
}

output "workspace_server_url" {
  description = "URL of the workspace's server, for `zenml login` and the API."
  value       = zenml_workspace.this.server_url
}

output "project_id" {
  description = "ID of the project."
  value       = zenml_project.this.id
}

output "team_ids" {
  description = "IDs of the teams: `developers`, `ml_engineers` and `ml_ops`."
  value       = { for key, team in zenml_team.this : key => team.id }
}

output "connector_ids" {
  description = "IDs of the service connectors: `shared` and `production`."
  value       = { for key, connector in zenml_service_connector.aws : key => connector.id }
}

output "stack_ids" {
  description = "IDs of the stacks: `development` and `production`."
  value       = { development = zenml_stack.development.id, production = zenml_stack.production.id }
}

output "component_ids" {
  description = "IDs of the stack components, by name."
  value = {
    for component in [
      zenml_stack_component.s3,
      zenml_stack_component.ecr,
      zenml_stack_component.kubernetes,
      zenml_stack_component.sagemaker,
      zenml_stack_component.mlflow,
      zenml_stack_component.mlflow_tracker,
    ] : component.name => component.id
  }
}

output "secret_id" {
  description = "ID of the secret with the MLflow credentials."
  value       = zenml_secret.mlflow.id
}
