# The custom workspace roles of the provider's organization, with their permissions.
list "zenml_role" "workspace" {
  provider         = zenml
  include_resource = true

  config {
    level = "workspace"
  }
}
