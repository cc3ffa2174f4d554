variable "project" {
  type        = string
  description = "ID of the Google Cloud project."
}

variable "location" {
  type        = string
  description = "Region that pipelines run in."
  default     = "europe-west1"
}

variable "bucket" {
  type        = string
  description = "Name of the Cloud Storage bucket for artifacts."
}

variable "registry" {
  type        = string
  description = "Address of the Artifact Registry repository, such as europe-west1-docker.pkg.dev/my-project/zenml."
}

variable "workload_service_account" {
  type        = string
  description = "Email address of the service account that pipelines run as."
}

variable "service_account_key" {
  type        = string
  description = "Key of the service account that the server uses, in JSON format."
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
