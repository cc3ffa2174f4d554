variable "region" {
  type        = string
  description = "Region of all AWS resources."
  default     = "eu-central-1"
}

variable "bucket" {
  type        = string
  description = "Name of the S3 bucket for artifacts."
}

variable "registry" {
  type        = string
  description = "Address of the ECR registry, such as 123456789012.dkr.ecr.eu-central-1.amazonaws.com."
}

variable "code_build_project" {
  type        = string
  description = "Name of the CodeBuild project that builds images."
}

variable "execution_role_arn" {
  type        = string
  description = "ARN of the role that SageMaker runs pipelines with."
}

variable "instance_type" {
  type        = string
  description = "Instance type that SageMaker runs steps on."
  default     = "ml.m5.xlarge"
}

variable "role_arn" {
  type        = string
  description = "ARN of the role that the server assumes to access the account."
}

variable "access_key_id" {
  type        = string
  description = "Access key ID of the user that can assume the role."
}

variable "secret_access_key" {
  type        = string
  description = "Secret access key of that user."
  sensitive   = true
}

variable "name" {
  type        = string
  description = "Prefix of all names."
  default     = "vision"
}

variable "verify_connectors" {
  type        = bool
  description = "Whether the server verifies the credentials with the cloud before it stores them."
  default     = true
}

variable "labels" {
  type        = map(string)
  description = "Labels of all connectors, components and the stack."
  default     = {}
}
