data "zenml_flavor" "s3" {
  workspace_id = data.zenml_workspace.alpha.id
  type         = "artifact_store"
  name         = "s3"
}

output "s3_settings" {
  description = "What an artifact store in S3 can be configured with."
  value       = keys(jsondecode(data.zenml_flavor.s3.config_schema).properties)
}
