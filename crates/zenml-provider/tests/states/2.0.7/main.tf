terraform {
  required_providers {
    zenml = {
      source  = "zenml-io/zenml"
      version = "~> 2.0"
    }
  }
}

provider "zenml" {}

resource "zenml_project" "empty_description" {
  name         = "drop-in-empty"
  display_name = "Empty"
  description  = ""
}

resource "zenml_project" "bare" {
  name = "drop-in-bare"
}

resource "zenml_project" "described" {
  name         = "drop-in-described"
  display_name = "Described"
  description  = "A project with a description"
}

resource "zenml_service_connector" "verified" {
  name          = "drop-in-verified"
  type          = "aws"
  auth_method   = "secret-key"
  resource_type = "s3-bucket"
  resource_id   = "s3://drop-in-bucket"

  configuration = {
    region                = "eu-central-1"
    aws_access_key_id     = "NOT-A-KEY-ID"
    aws_secret_access_key = "not-a-secret-key"
  }

  timeouts {
    create = "10m"
    update = "3m"
  }
}

resource "zenml_service_connector" "unverified" {
  name        = "drop-in-unverified"
  type        = "gcp"
  auth_method = "service-account"
  verify      = false
  labels      = { tier = "test" }

  configuration = {
    project_id           = "drop-in"
    service_account_json = jsonencode({ type = "service_account", project_id = "drop-in" })
  }
}

resource "zenml_service_connector" "dropping" {
  name          = "drop-in-dropping"
  type          = "docker"
  auth_method   = "password"
  resource_type = "docker-registry"
  verify        = true

  configuration = {
    registry = "registry.example.com"
    username = "somebody"
    password = "not-a-password"
  }

  timeouts {
    create = "10m"
  }
}

resource "zenml_stack_component" "store" {
  name                  = "drop-in-store"
  type                  = "artifact_store"
  flavor                = "s3"
  connector_id          = zenml_service_connector.verified.id
  connector_resource_id = "s3://drop-in-bucket"

  configuration = {
    path          = "s3://drop-in-bucket"
    client_kwargs = jsonencode({ endpoint_url = "http://127.0.0.1:9000", retries = 3 })
  }
}

# A boolean, a number and a list as text.
resource "zenml_stack_component" "kubernetes" {
  name   = "drop-in-kubernetes"
  type   = "orchestrator"
  flavor = "kubernetes"
  labels = {}

  configuration = {
    kubernetes_context   = "drop-in"
    kubernetes_namespace = "zenml"
    synchronous          = true
    timeout              = 300
    max_parallelism      = "8"
  }
}

# The server adds a key to what is configured.
resource "zenml_stack_component" "sagemaker" {
  name   = "drop-in-sagemaker"
  type   = "orchestrator"
  flavor = "sagemaker"
  labels = { team = "vision", tier = "test" }

  configuration = {
    execution_role = "arn:aws:iam::000000000000:role/drop-in"
    tags           = jsonencode({ project = "drop-in" })
  }
}

resource "zenml_stack_component" "registry" {
  name   = "drop-in-registry"
  type   = "container_registry"
  flavor = "default"

  configuration = {
    uri = "registry.example.com"
  }
}

resource "zenml_stack_component" "builder" {
  name   = "drop-in-builder"
  type   = "image_builder"
  flavor = "local"
}

resource "zenml_stack" "full" {
  name   = "drop-in-full"
  labels = { tier = "test" }

  components = {
    orchestrator       = zenml_stack_component.kubernetes.id
    artifact_store     = zenml_stack_component.store.id
    container_registry = zenml_stack_component.registry.id
    image_builder      = zenml_stack_component.builder.id
  }
}

# What a module leaves out is null here.
resource "zenml_stack" "placeholders" {
  name = "drop-in-placeholders"

  components = {
    orchestrator       = zenml_stack_component.sagemaker.id
    artifact_store     = zenml_stack_component.store.id
    container_registry = null
    model_registry     = null
  }
}

# These three were made elsewhere and imported.
resource "zenml_stack_component" "imported" {
  name   = "drop-in-imported"
  type   = "model_registry"
  flavor = "mlflow"
}

resource "zenml_service_connector" "imported" {
  name          = "drop-in-imported"
  type          = "aws"
  auth_method   = "implicit"
  resource_type = "aws-generic"

  configuration = {
    region = "eu-central-1"
  }
}

resource "zenml_stack" "imported" {
  name = "drop-in-imported"

  components = {
    orchestrator   = zenml_stack_component.sagemaker.id
    artifact_store = zenml_stack_component.store.id
    model_registry = zenml_stack_component.imported.id
  }
}
