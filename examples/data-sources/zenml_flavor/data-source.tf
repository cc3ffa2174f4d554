data "zenml_flavor" "s3" {
  workspace_id = data.zenml_workspace.alpha.id
  type         = "artifact_store"
  name         = "s3"
}

output "s3_settings" {
  description = "Names of the settings of an S3 artifact store."
  value       = keys(jsondecode(data.zenml_flavor.s3.config_schema).properties)
}
