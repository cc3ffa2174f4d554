terraform {
  required_providers {
    zenml = {
      source = "zenml-io/zenml"
    }
  }
}

# The URL and the credentials come from ZENML_SERVER_URL and ZENML_API_KEY.
provider "zenml" {}

locals {
  # One connector per resource type, so that each component has access only to what it needs.
  resources = {
    blob-container  = "az://${var.container}"
    docker-registry = var.registry
    azure-generic   = null
  }
}

resource "zenml_service_connector" "this" {
  for_each = local.resources

  name          = "${var.name}-${each.key}"
  type          = "azure"
  auth_method   = "service-principal"
  resource_type = each.key
  resource_id   = each.value
  verify        = var.verify_connectors
  labels        = var.labels

  configuration = {
    subscription_id = var.subscription_id
    resource_group  = var.resource_group
    storage_account = var.storage_account
    tenant_id       = var.tenant_id
    client_id       = var.client_id
    client_secret   = var.client_secret
  }
}

resource "zenml_stack_component" "artifact_store" {
  name         = "${var.name}-blob"
  type         = "artifact_store"
  flavor       = "azure"
  connector_id = zenml_service_connector.this["blob-container"].id
  labels       = var.labels

  configuration = {
    path = "az://${var.container}"
  }
}

resource "zenml_stack_component" "container_registry" {
  name         = "${var.name}-acr"
  type         = "container_registry"
  flavor       = "azure"
  connector_id = zenml_service_connector.this["docker-registry"].id
  labels       = var.labels

  configuration = {
    uri = var.registry
  }
}

resource "zenml_stack_component" "orchestrator" {
  name         = "${var.name}-azureml"
  type         = "orchestrator"
  flavor       = "azureml"
  connector_id = zenml_service_connector.this["azure-generic"].id
  labels       = var.labels

  # `settings` keeps the types of values; in `configuration`, the number would be a string.
  settings = {
    subscription_id = var.subscription_id
    resource_group  = var.resource_group
    workspace       = var.machine_learning_workspace
    mode            = "compute-cluster"
    compute_name    = var.compute_cluster
    max_instances   = 4
  }
}

resource "zenml_stack_component" "step_operator" {
  name         = "${var.name}-azureml-steps"
  type         = "step_operator"
  flavor       = "azureml"
  connector_id = zenml_service_connector.this["azure-generic"].id
  labels       = var.labels

  configuration = {
    subscription_id = var.subscription_id
    resource_group  = var.resource_group
    workspace_name  = var.machine_learning_workspace
  }
}

resource "zenml_stack_component" "image_builder" {
  name   = "${var.name}-local"
  type   = "image_builder"
  flavor = "local"
  labels = var.labels
}

resource "zenml_stack" "this" {
  name   = "${var.name}-azure"
  labels = var.labels

  components = {
    orchestrator       = zenml_stack_component.orchestrator.id
    artifact_store     = zenml_stack_component.artifact_store.id
    container_registry = zenml_stack_component.container_registry.id
    image_builder      = zenml_stack_component.image_builder.id
    step_operator      = zenml_stack_component.step_operator.id
  }
}
