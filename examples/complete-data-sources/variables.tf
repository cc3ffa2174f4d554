variable "name" {
  type        = string
  description = "What all names begin with."
  default     = "vision"
}

variable "stack" {
  type        = string
  description = "Name of the stack that is there."
}

variable "connector_type" {
  type        = string
  description = "Type of the service connectors to list."
  default     = "aws"
}
