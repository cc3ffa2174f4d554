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
    gcs-bucket      = "gs://${var.bucket}"
    docker-registry = null
    gcp-generic     = null
  }
}

resource "zenml_service_connector" "this" {
  for_each = local.resources

  name          = "${var.name}-${each.key}"
  type          = "gcp"
  auth_method   = "service-account"
  resource_type = each.key
  resource_id   = each.value
  verify        = var.verify_connectors
  labels        = var.labels

  configuration = {
    project_id           = var.project
    service_account_json = var.service_account_key
  }
}

resource "zenml_stack_component" "artifact_store" {
  name         = "${var.name}-gcs"
  type         = "artifact_store"
  flavor       = "gcp"
  connector_id = zenml_service_connector.this["gcs-bucket"].id
  labels       = var.labels

  configuration = {
    path = "gs://${var.bucket}"
  }
}

resource "zenml_stack_component" "container_registry" {
  name         = "${var.name}-artifact-registry"
  type         = "container_registry"
  flavor       = "gcp"
  connector_id = zenml_service_connector.this["docker-registry"].id
  labels       = var.labels

  configuration = {
    uri = var.registry
  }
}

resource "zenml_stack_component" "orchestrator" {
  name         = "${var.name}-vertex"
  type         = "orchestrator"
  flavor       = "vertex"
  connector_id = zenml_service_connector.this["gcp-generic"].id
  labels       = var.labels

  configuration = {
    project                  = var.project
    location                 = var.location
    pipeline_root            = "gs://${var.bucket}/vertex"
    workload_service_account = var.workload_service_account
    synchronous              = false
  }
}

resource "zenml_stack_component" "image_builder" {
  name         = "${var.name}-cloud-build"
  type         = "image_builder"
  flavor       = "gcp"
  connector_id = zenml_service_connector.this["gcp-generic"].id
  labels       = var.labels

  configuration = {
    build_timeout = 3600
  }
}

resource "zenml_stack" "this" {
  name   = "${var.name}-gcp"
  labels = var.labels

  components = {
    orchestrator       = zenml_stack_component.orchestrator.id
    artifact_store     = zenml_stack_component.artifact_store.id
    container_registry = zenml_stack_component.container_registry.id
    image_builder      = zenml_stack_component.image_builder.id
  }
}
