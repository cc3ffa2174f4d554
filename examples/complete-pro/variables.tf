# What reaches ZenML Pro.

variable "zenml_control_plane_url" {
  description = "Address of the ZenML Pro management API. A self-hosted one may carry a path, for example https://zenml.example.com/api/v1."
  type        = string
  default     = "https://cloudapi.zenml.io"
}

variable "zenml_service_account_key" {
  description = "Key of a service account (or a personal access token) that may administrate the organization; starts with ZENPROKEY_."
  type        = string
  sensitive   = true
}

# What the team's environment is made of.

variable "workspace_name" {
  description = "Name of the workspace: lower-case letters, digits and hyphens, unique over all organizations of ZenML Pro, and unchangeable."
  type        = string
  default     = "alpha-workspace"
}

variable "aws_region" {
  description = "AWS region of the data lake, the container registry and SageMaker."
  type        = string
}

variable "aws_role_arn" {
  description = "IAM role that the development connector assumes."
  type        = string
}

variable "aws_prod_role_arn" {
  description = "IAM role that the production connector assumes and that SageMaker runs with. Defaults to aws_role_arn."
  type        = string
  default     = null
}

variable "aws_access_key_id" {
  description = "Access key id of the AWS user that may assume the roles."
  type        = string
  sensitive   = true
}

variable "aws_secret_access_key" {
  description = "Secret access key of that AWS user."
  type        = string
  sensitive   = true
}

variable "s3_bucket_name" {
  description = "Bucket of the data lake, in which artifacts are stored."
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
  description = "Address of the MLflow server that tracks experiments and registers models."
  type        = string
  default     = "https://mlflow.example.com"
}

variable "mlflow_username" {
  description = "User name at the MLflow server."
  type        = string
  sensitive   = true
}

variable "mlflow_password" {
  description = "Password at the MLflow server."
  type        = string
  sensitive   = true
}

variable "verify_connectors" {
  description = "Whether the workspace tries the connectors' credentials before it keeps them. Switch it off where AWS cannot be reached."
  type        = bool
  default     = true
}

# Who works in it.

variable "developer_emails" {
  description = "E-mail addresses of the developers."
  type        = set(string)
  default     = ["developer-1@example.com", "developer-2@example.com"]
}

variable "ml_engineer_emails" {
  description = "E-mail addresses of the ML engineers."
  type        = set(string)
  default     = ["ml-engineer-1@example.com", "ml-engineer-2@example.com"]
}

variable "ml_ops_emails" {
  description = "E-mail addresses of the people who run production."
  type        = set(string)
  default     = ["ml-ops-1@example.com"]
}
