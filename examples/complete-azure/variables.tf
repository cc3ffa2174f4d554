variable "subscription_id" {
  type        = string
  description = "Subscription of everything below."
}

variable "resource_group" {
  type        = string
  description = "Resource group of everything below."
}

variable "storage_account" {
  type        = string
  description = "Storage account of the container."
}

variable "container" {
  type        = string
  description = "Name of the blob container for artifacts."
}

variable "registry" {
  type        = string
  description = "Address of the container registry, such as example.azurecr.io."
}

variable "machine_learning_workspace" {
  type        = string
  description = "Azure Machine Learning workspace that runs pipelines."
}

variable "compute_cluster" {
  type        = string
  description = "Compute cluster in that workspace."
}

variable "tenant_id" {
  type        = string
  description = "Tenant of the service principal."
}

variable "client_id" {
  type        = string
  description = "Client id of the service principal."
}

variable "client_secret" {
  type        = string
  description = "Client secret of the service principal."
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
