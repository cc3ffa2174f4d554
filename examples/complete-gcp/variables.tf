variable "project" {
  type        = string
  description = "Project of everything below."
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
  description = "E-mail address of the service account that pipelines run as."
}

variable "service_account_key" {
  type        = string
  description = "Key of the service account that the server uses, as JSON."
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
