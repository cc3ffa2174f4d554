# Who can use which secret, besides roles.
list "zenml_resource_share" "secrets" {
  provider = zenml

  config {
    workspace_id  = var.workspace_id
    resource_type = "secret"
  }
}
