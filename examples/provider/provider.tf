# ZenML Pro: one key works for the control plane and all workspaces.
provider "zenml" {
  service_account_key = var.zenml_service_account_key
}

# An open-source server.
provider "zenml" {
  alias      = "open_source"
  server_url = "https://zenml.example.com"
  api_key    = var.zenml_api_key
}
