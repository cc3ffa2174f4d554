resource "zenml_service_connector" "aws" {
  workspace_id  = zenml_workspace.alpha.id
  name          = "alpha-aws"
  type          = "aws"
  auth_method   = "iam-role"
  resource_type = "s3-bucket"
  resource_id   = "s3://alpha-artifacts"

  configuration = {
    region                = "eu-west-1"
    role_arn              = var.aws_role_arn
    aws_access_key_id     = var.aws_access_key_id
    aws_secret_access_key = var.aws_secret_access_key
  }

  labels = {
    team = "alpha"
  }

  timeouts = {
    create = "2m"
  }
}
