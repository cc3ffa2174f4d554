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
    s3-bucket       = "s3://${var.bucket}"
    docker-registry = var.registry
    aws-generic     = null
  }
}

resource "zenml_service_connector" "this" {
  for_each = local.resources

  name          = "${var.name}-${each.key}"
  type          = "aws"
  auth_method   = "iam-role"
  resource_type = each.key
  resource_id   = each.value
  verify        = var.verify_connectors
  labels        = var.labels

  configuration = {
    region                = var.region
    role_arn              = var.role_arn
    aws_access_key_id     = var.access_key_id
    aws_secret_access_key = var.secret_access_key
  }
}

resource "zenml_stack_component" "artifact_store" {
  name         = "${var.name}-s3"
  type         = "artifact_store"
  flavor       = "s3"
  connector_id = zenml_service_connector.this["s3-bucket"].id
  labels       = var.labels

  configuration = {
    path = "s3://${var.bucket}"
  }
}

resource "zenml_stack_component" "container_registry" {
  name         = "${var.name}-ecr"
  type         = "container_registry"
  flavor       = "aws"
  connector_id = zenml_service_connector.this["docker-registry"].id
  labels       = var.labels

  configuration = {
    uri = var.registry
  }
}

resource "zenml_stack_component" "orchestrator" {
  name         = "${var.name}-sagemaker"
  type         = "orchestrator"
  flavor       = "sagemaker"
  connector_id = zenml_service_connector.this["aws-generic"].id
  labels       = var.labels

  # All values of `configuration` are strings; `settings` keeps the types of numbers, lists and objects.
  configuration = {
    execution_role         = var.execution_role_arn
    instance_type          = var.instance_type
    max_runtime_in_seconds = 86400
    synchronous            = false
    pipeline_tags          = jsonencode(var.labels)
  }
}

resource "zenml_stack_component" "image_builder" {
  name         = "${var.name}-codebuild"
  type         = "image_builder"
  flavor       = "aws"
  connector_id = zenml_service_connector.this["aws-generic"].id
  labels       = var.labels

  configuration = {
    code_build_project = var.code_build_project
  }
}

resource "zenml_stack" "this" {
  name   = "${var.name}-aws"
  labels = var.labels

  components = {
    orchestrator       = zenml_stack_component.orchestrator.id
    artifact_store     = zenml_stack_component.artifact_store.id
    container_registry = zenml_stack_component.container_registry.id
    image_builder      = zenml_stack_component.image_builder.id
  }
}
