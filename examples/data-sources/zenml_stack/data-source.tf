data "zenml_stack" "dev" {
  workspace_id = data.zenml_workspace.alpha.id
  name         = "alpha-dev-stack"
}

output "dev_flavors" {
  value = { for component in data.zenml_stack.dev.components : component.type => component.flavor }
}
