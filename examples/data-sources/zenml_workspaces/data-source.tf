data "zenml_workspaces" "running" {
  status = "available"
}

output "workspace_urls" {
  value = { for name, workspace in data.zenml_workspaces.running.workspaces : name => workspace.server_url }
}
