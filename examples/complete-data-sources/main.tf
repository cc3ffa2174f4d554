terraform {
  required_providers {
    zenml = {
      source = "zenml-io/zenml"
    }
  }
}

# The URL and the credentials come from ZENML_SERVER_URL and ZENML_API_KEY.
provider "zenml" {}

data "zenml_server" "this" {}

# Created by another configuration or by a person.
data "zenml_stack" "production" {
  name = var.stack
}

data "zenml_stack_component" "store" {
  type = "artifact_store"
  name = one([for component in data.zenml_stack.production.components : component.name if component.type == "artifact_store"])
}

data "zenml_service_connectors" "all" {
  type = var.connector_type
}

# Includes the stack below, once it exists.
data "zenml_stacks" "ours" {
  name_prefix = "${var.name}-"

  depends_on = [zenml_stack.development]
}

# A stack for development: like the one above, but its pipelines run on the machine that starts them.
resource "zenml_stack_component" "local" {
  name   = "${var.name}-local"
  type   = "orchestrator"
  flavor = "local_docker"
}

resource "zenml_stack" "development" {
  name = "${var.name}-development"

  components = merge(
    { for component in data.zenml_stack.production.components : component.type => component.id },
    { orchestrator = zenml_stack_component.local.id },
  )
}
