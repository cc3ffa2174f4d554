data "zenml_workspace" "alpha" {
  name = "alpha-workspace"
}

output "server" {
  value = data.zenml_workspace.alpha.server_url
}
