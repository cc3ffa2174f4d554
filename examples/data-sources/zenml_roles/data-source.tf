data "zenml_roles" "predefined" {
  level          = "workspace"
  system_managed = true
}

# The predefined roles that can change stacks.
output "roles_that_change_stacks" {
  value = [
    for name, role in data.zenml_roles.predefined.roles : name
    if contains(try(role.permissions["stack"], []), "update")
  ]
}
