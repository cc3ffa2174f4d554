ephemeral "zenml_service_connector_credentials" "registry" {
  workspace_id  = zenml_workspace.alpha.id
  id            = zenml_service_connector.registry.id
  resource_type = "docker-registry"
}

resource "zenml_secret" "registry_password" {
  workspace_id = zenml_workspace.alpha.id
  name         = "alpha-registry"
  values_wo = {
    password = ephemeral.zenml_service_connector_credentials.registry.configuration["password"]
  }
  values_wo_version = 1
}
