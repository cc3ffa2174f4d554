resource "zenml_flavor" "shared_files" {
  workspace_id = zenml_workspace.alpha.id
  name         = "shared-files"
  type         = "artifact_store"
  source       = "acme_stores.flavors.SharedFilesFlavor"
  display_name = "Shared files"

  config_schema = jsonencode({
    type     = "object"
    required = ["path"]
    properties = {
      path = { type = "string", description = "Where the files are." }
    }
  })
}

# A flavor cannot be deleted while a component uses it. The references below keep the order.
resource "zenml_stack_component" "shared_files" {
  workspace_id = zenml_workspace.alpha.id
  name         = "shared-files"
  type         = zenml_flavor.shared_files.type
  flavor       = zenml_flavor.shared_files.name

  configuration = {
    path = "/mnt/artifacts"
  }
}
