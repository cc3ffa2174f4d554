# Verifies the connector each time it is created or changed.
resource "zenml_service_connector" "models" {
  workspace_id  = zenml_workspace.alpha.id
  name          = "models"
  type          = "aws"
  auth_method   = "secret-key"
  resource_type = "s3-bucket"
  resource_id   = "s3://models"

  # The action does it.
  verify = false

  configuration = {
    region                = "eu-west-1"
    aws_access_key_id     = var.aws_access_key_id
    aws_secret_access_key = var.aws_secret_access_key
  }

  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.zenml_verify_service_connector.models]
    }
  }
}

action "zenml_verify_service_connector" "models" {
  config {
    workspace_id = zenml_workspace.alpha.id
    connector_id = zenml_service_connector.models.id
  }
}
