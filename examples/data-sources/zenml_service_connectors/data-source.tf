data "zenml_service_connectors" "buckets" {
  workspace_id  = data.zenml_workspace.alpha.id
  type          = "aws"
  resource_type = "s3-bucket"
}

output "bucket_connector_ids" {
  value = { for name, connector in data.zenml_service_connectors.buckets.connectors : name => connector.id }
}
