# All projects of the provider's workspace.
list "zenml_project" "all" {
  provider = zenml
}
