terraform {
  # Objects with optional attributes require Terraform 1.3.
  required_version = ">= 1.3"

  required_providers {
    zenml = {
      source  = "zenml-io/zenml"
      version = "~> 3.1"
    }
  }
}
