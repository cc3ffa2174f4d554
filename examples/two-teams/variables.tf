variable "zenml_control_plane_url" {
  description = "URL of the ZenML Pro management API. The URL of a self-hosted one can have a path, for example https://zenml.example.com/api/v1."
  type        = string
  default     = "https://cloudapi.zenml.io"
}

variable "zenml_service_account_key" {
  description = "Key of a service account with the role Organization Admin (starts with ZENPROKEY_), or a personal access token."
  type        = string
  sensitive   = true
}

variable "aws_access_keys" {
  description = "Access keys of the AWS users that can assume the roles, by team."
  type        = map(object({ id = string, secret = string }))
  sensitive   = true
}

variable "mlflow_logins" {
  description = "Usernames and passwords for the MLflow servers, by team."
  type        = map(object({ username = string, password = string }))
  sensitive   = true
}

variable "verify_connectors" {
  description = "Whether the workspaces verify the credentials of the connectors before they store them. Set it to false if they cannot reach AWS."
  type        = bool
  default     = true
}

variable "alpha_members" {
  description = "Email addresses of Team Alpha."
  type        = object({ developers = set(string), ml_engineers = set(string), ml_ops = set(string) })

  default = {
    developers   = ["alpha-developer-1@example.com", "alpha-developer-2@example.com"]
    ml_engineers = ["alpha-engineer@example.com"]
    ml_ops       = ["alpha-ops@example.com"]
  }
}

variable "beta_members" {
  description = "Email addresses of Team Beta."
  type        = object({ developers = set(string), ml_engineers = set(string), ml_ops = set(string) })

  default = {
    developers   = ["beta-developer@example.com"]
    ml_engineers = ["beta-engineer@example.com"]
    ml_ops       = ["beta-ops@example.com"]
  }
}
