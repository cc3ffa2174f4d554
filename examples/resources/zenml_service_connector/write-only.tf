# Neither the plan nor the state contains the credentials. Increase the version to send them again.
resource "zenml_service_connector" "aws_write_only" {
  workspace_id  = zenml_workspace.alpha.id
  name          = "alpha-aws-write-only"
  type          = "aws"
  auth_method   = "iam-role"
  resource_type = "s3-bucket"
  resource_id   = "s3://alpha-artifacts"

  configuration_wo = {
    region                = "eu-west-1"
    role_arn              = var.aws_role_arn
    aws_access_key_id     = var.aws_access_key_id
    aws_secret_access_key = var.aws_secret_access_key
  }
  configuration_wo_version = 1

  expiration_seconds = 3600
}
