# Who has a role on a stack.
list "zenml_stack_role_assignment" "dev" {
  provider = zenml

  config {
    stack_id = var.stack_id
  }
}
