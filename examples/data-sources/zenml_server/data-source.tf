data "zenml_server" "alpha" {
  workspace_id = data.zenml_workspace.alpha.id
}

output "server_version" {
  value = data.zenml_server.alpha.version
}
