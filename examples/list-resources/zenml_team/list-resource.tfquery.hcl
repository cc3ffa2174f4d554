# All teams of the provider's organization, with their members.
list "zenml_team" "all" {
  provider         = zenml
  include_resource = true
}
