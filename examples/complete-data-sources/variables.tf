variable "name" {
  type        = string
  description = "Prefix of all names."
  default     = "vision"
}

variable "stack" {
  type        = string
  description = "Name of the existing stack."
}

variable "connector_type" {
  type        = string
  description = "Type of the service connectors to list."
  default     = "aws"
}
