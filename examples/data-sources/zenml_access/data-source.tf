data "zenml_access" "dev" {
  workspace_id = zenml_workspace.alpha.id
  stack_id     = zenml_stack.dev.id

  # Include what the same apply grants.
  depends_on = [zenml_workspace_role_assignment.operations]
}

# Who can change the stack, and why.
output "who_changes_the_stack" {
  value = distinct([
    for row in data.zenml_access.dev.access :
    "${row.principal} (${coalesce(row.role, row.reason)})"
    if row.object == "stack/${zenml_stack.dev.id}" && contains(coalesce(row.actions, []), "update")
  ])
}
