terraform {
  required_providers {
    zenml = {
      source = "zenml-io/zenml"
    }
  }
}

# Address and credentials come from ZENML_SERVER_URL and ZENML_API_KEY.
provider "zenml" {}

data "zenml_server" "this" {}

# What another configuration, or a person, has made.
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

# With the one below, once that is there.
data "zenml_stacks" "ours" {
  name_prefix = "${var.name}-"

  depends_on = [zenml_stack.development]
}

# A stack to try things out: as the one above, but its pipelines run where they are started.
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
