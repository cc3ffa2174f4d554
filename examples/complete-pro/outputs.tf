output "workspace_id" {
  description = "ID of the workspace."
  value       = zenml_workspace.alpha.id
}

output "workspace_url" {
  description = "URL of the workspace in the dashboard."
  value       = zenml_workspace.alpha.url
}

output "workspace_server_url" {
  description = "URL of the workspace's server, for `zenml login` and the API."
  value       = zenml_workspace.alpha.server_url
}

output "workspace_status" {
  description = "Status of the workspace: `available` when it is running."
  value       = zenml_workspace.alpha.status
}

output "project_id" {
  description = "ID of the project."
  value       = zenml_project.recommendation.id
}

output "team_ids" {
  description = "IDs of the teams, by team."
  value       = { for team, resource in zenml_team.alpha : team => resource.id }
}

output "secret_id" {
  description = "ID of the secret with the MLflow credentials."
  value       = zenml_secret.mlflow.id
}

output "connector_ids" {
  description = "IDs of the service connectors, by name."
  value       = { for resource in [zenml_service_connector.aws, zenml_service_connector.aws_prod] : resource.name => resource.id }
}

output "component_ids" {
  description = "IDs of the stack components, by name."
  value = {
    for resource in [
      zenml_stack_component.s3,
      zenml_stack_component.ecr,
      zenml_stack_component.kubernetes,
      zenml_stack_component.sagemaker,
      zenml_stack_component.mlflow,
      zenml_stack_component.mlflow_tracker,
    ] : resource.name => resource.id
  }
}

output "stack_ids" {
  description = "IDs of the stacks, by name."
  value       = { for resource in [zenml_stack.dev, zenml_stack.prod] : resource.name => resource.id }
}

output "role_assignments" {
  description = "IDs of the role assignments, by level and team."
  value = {
    workspace         = { for team, resource in zenml_workspace_role_assignment.alpha : team => resource.id }
    project           = { for team, resource in zenml_project_role_assignment.alpha : team => resource.id }
    development_stack = { for team, resource in zenml_stack_role_assignment.dev : team => resource.id }
    production_stack  = { for team, resource in zenml_stack_role_assignment.prod : team => resource.id }
  }
}
