# Everybody who administers the provider's organization.
list "zenml_organization_role_assignment" "admins" {
  provider = zenml

  config {
    role = "admin"
  }
}
