data "zenml_stacks" "development" {
  workspace_id = data.zenml_workspace.alpha.id
  name_prefix  = "alpha-"

  labels = {
    environment = "development"
  }
}

output "development_stack_ids" {
  value = { for name, stack in data.zenml_stacks.development.stacks : name => stack.id }
}
