# The organization of the provider's key.
data "zenml_organization" "current" {}
