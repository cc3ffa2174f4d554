variable "subscription_id" {
  type        = string
  description = "ID of the subscription of all Azure resources."
}

variable "resource_group" {
  type        = string
  description = "Resource group of all Azure resources."
}

variable "storage_account" {
  type        = string
  description = "Storage account of the blob container."
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
  description = "Tenant ID of the service principal."
}

variable "client_id" {
  type        = string
  description = "Client ID of the service principal."
}

variable "client_secret" {
  type        = string
  description = "Client secret of the service principal."
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
