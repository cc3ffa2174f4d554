variable "region" {
  type        = string
  description = "Region of everything below."
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
  description = "Role that SageMaker runs pipelines as."
}

variable "instance_type" {
  type        = string
  description = "Instances that SageMaker runs steps on."
  default     = "ml.m5.xlarge"
}

variable "role_arn" {
  type        = string
  description = "Role that the server takes on to reach the account."
}

variable "access_key_id" {
  type        = string
  description = "Key id of the user who may take on that role."
}

variable "secret_access_key" {
  type        = string
  description = "Secret key of that user."
  sensitive   = true
}

variable "name" {
  type        = string
  description = "What all names begin with."
  default     = "vision"
}

variable "verify_connectors" {
  type        = bool
  description = "Whether the server tries the credentials against the cloud before it keeps them."
  default     = true
}

variable "labels" {
  type        = map(string)
  description = "Labels of everything that has some."
  default     = {}
}
