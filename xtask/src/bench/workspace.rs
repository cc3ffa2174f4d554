//! The provider and the workspace that the measurements use.

/// Configuration of the provider.
pub(super) const PROVIDER: &str = r#"
terraform {
  required_providers {
    zenml = { source = "zenml-io/zenml" }
  }
}

variable "zenml_control_plane_url" {}

variable "zenml_service_account_key" {
  sensitive = true
}

provider "zenml" {
  control_plane_url   = var.zenml_control_plane_url
  service_account_key = var.zenml_service_account_key
}
"#;

/// A workspace.
pub(super) const WORKSPACE: &str = r#"
resource "zenml_workspace" "bench" {
  name = "bench"
}
"#;
