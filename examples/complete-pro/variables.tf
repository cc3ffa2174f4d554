# Access to ZenML Pro

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

# Environment of the team

variable "workspace_name" {
  description = "Name of the workspace: lowercase letters, digits and hyphens. It must be unique across all organizations of ZenML Pro and cannot be changed."
  type        = string
  default     = "alpha-workspace"
}

variable "aws_region" {
  description = "AWS region of the data lake, the container registry and SageMaker."
  type        = string
}

variable "aws_role_arn" {
  description = "ARN of the IAM role that the development connector assumes."
  type        = string
}

variable "aws_prod_role_arn" {
  description = "ARN of the IAM role that the production connector assumes and that SageMaker runs with. Default: aws_role_arn."
  type        = string
  default     = null
}

variable "aws_access_key_id" {
  description = "Access key ID of the AWS user that can assume the roles."
  type        = string
  sensitive   = true
}

variable "aws_secret_access_key" {
  description = "Secret access key of that AWS user."
  type        = string
  sensitive   = true
}

variable "s3_bucket_name" {
  description = "S3 bucket of the data lake, which stores the artifacts."
  type        = string
}

variable "ecr_repository_url" {
  description = "ECR registry, with or without a repository, for example 123456789012.dkr.ecr.eu-west-1.amazonaws.com/recommendation-engine."
  type        = string
}

variable "kubernetes_context" {
  description = "Context of the Kubernetes cluster that runs development pipelines."
  type        = string
  default     = "alpha-dev"
}

variable "mlflow_tracking_uri" {
  description = "URL of the MLflow server that tracks experiments and registers models."
  type        = string
  default     = "https://mlflow.example.com"
}

variable "mlflow_username" {
  description = "Username for the MLflow server."
  type        = string
  sensitive   = true
}

variable "mlflow_password" {
  description = "Password for the MLflow server."
  type        = string
  sensitive   = true
}

variable "verify_connectors" {
  description = "Whether the workspace verifies the credentials of the connectors before it stores them. Set it to false if the workspace cannot reach AWS."
  type        = bool
  default     = true
}

variable "run_locally" {
  description = "Whether the development stack runs pipelines on the machine of the person who starts them, without Kubernetes and AWS."
  type        = bool
  default     = false
}

# Members of the teams

variable "developer_emails" {
  description = "Email addresses of the developers."
  type        = set(string)
  default     = ["developer-1@example.com", "developer-2@example.com"]
}

variable "ml_engineer_emails" {
  description = "Email addresses of the ML engineers."
  type        = set(string)
  default     = ["ml-engineer-1@example.com", "ml-engineer-2@example.com"]
}

variable "ml_ops_emails" {
  description = "Email addresses of the people who run production."
  type        = set(string)
  default     = ["ml-ops-1@example.com"]
}
