data "zenml_service_connector" "aws" {
  workspace_id = data.zenml_workspace.alpha.id
  name         = "alpha-aws"
}

output "aws_auth_method" {
  value = data.zenml_service_connector.aws.auth_method
}
