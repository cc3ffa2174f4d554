variable "name" {
  description = "Short name of the team, such as `alpha`. It is part of the names of the workspace, the teams, the connectors and the stacks: 2 to 24 lowercase letters, digits and hyphens."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,22}[a-z0-9]$", var.name))
    error_message = "The name must have 2 to 24 lowercase letters, digits and hyphens, start with a letter, and not end with a hyphen."
  }
}

variable "display_name" {
  description = "Name of the workspace in the dashboard. Default: `Team` and the name, such as `Team Alpha`."
  type        = string
  default     = null
}

variable "description" {
  description = "Description of the workspace."
  type        = string
  default     = null
}

variable "workspace_name" {
  description = "Name of the workspace. It must be unique across all organizations of ZenML Pro and cannot be changed. Default: the name followed by `-workspace`."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Whether to refuse to delete the workspace, with everything in it."
  type        = bool
  default     = false
}

variable "members" {
  description = "Email addresses of the people in each of the three teams. People who have no account yet are invited."
  type = object({
    developers   = set(string)
    ml_engineers = set(string)
    ml_ops       = set(string)
  })

  validation {
    condition = alltrue([
      for address in setunion(var.members.developers, var.members.ml_engineers, var.members.ml_ops) :
      can(regex("^[^@[:space:]]+@[^@[:space:]]+$", address))
    ])
    error_message = "All members must be email addresses, such as ann@example.com."
  }

  validation {
    condition     = length(var.members.ml_ops) > 0
    error_message = "At least one person must be in ml_ops: by default, nobody else can change production."
  }
}

variable "invite_unknown" {
  description = "Whether to invite people who are not members of the organization. With `false`, an unknown address is an error."
  type        = bool
  default     = true
}

variable "roles" {
  description = "Roles of each team. Workspace and project roles are full or short names, such as `member`; stack roles are `read`, `write` or `admin`. `none` grants no role. Default: see [Roles](#roles)."
  type = object({
    developers = optional(object({
      workspace         = optional(string, "member")
      project           = optional(string, "contributor")
      development_stack = optional(string, "write")
      production_stack  = optional(string, "read")
    }), {})
    ml_engineers = optional(object({
      workspace         = optional(string, "member")
      project           = optional(string, "admin")
      development_stack = optional(string, "write")
      production_stack  = optional(string, "read")
    }), {})
    ml_ops = optional(object({
      workspace         = optional(string, "admin")
      project           = optional(string, "admin")
      development_stack = optional(string, "admin")
      production_stack  = optional(string, "admin")
    }), {})
  })
  default = {}

  validation {
    condition = alltrue(flatten([
      for roles in values(var.roles) : [
        contains(["none", "read", "write", "admin"], roles.development_stack),
        contains(["none", "read", "write", "admin"], roles.production_stack),
      ]
    ]))
    error_message = "A stack role must be one of none, read, write and admin."
  }
}

variable "project" {
  description = "Project of the team."
  type = object({
    name         = string
    display_name = optional(string)
    description  = optional(string)
  })

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9_-]*$", var.project.name))
    error_message = "The project name must have lowercase letters, digits, hyphens and underscores. Use display_name for any other name."
  }
}

variable "aws" {
  description = "AWS resources of the team: the IAM role of the connectors, another one for production (default: the same), the S3 bucket for artifacts, the ECR registry with or without a repository, and the instances of SageMaker."
  type = object({
    region              = string
    role_arn            = string
    production_role_arn = optional(string)
    bucket              = string
    ecr_repository_url  = string
    instance_type       = optional(string, "ml.g5.xlarge")
    volume_size_in_gb   = optional(number, 100)
  })

  validation {
    condition = alltrue([
      for arn in compact([var.aws.role_arn, var.aws.production_role_arn]) :
      can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/", arn))
    ])
    error_message = "role_arn and production_role_arn must be ARNs of IAM roles, such as arn:aws:iam::123456789012:role/zenml."
  }

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.aws.bucket))
    error_message = "bucket must be the name of an S3 bucket, without s3:// and without a path."
  }
}

variable "aws_access_key" {
  description = "Access key of the AWS user that can assume the roles."
  type = object({
    id     = string
    secret = string
  })
  sensitive = true
}

variable "mlflow_tracking_uri" {
  description = "URL of the MLflow server that tracks experiments and registers models."
  type        = string

  validation {
    condition     = can(regex("^https?://", var.mlflow_tracking_uri))
    error_message = "The URL must start with https:// or http://."
  }
}

variable "mlflow_login" {
  description = "Username and password for the MLflow server. Components refer to them by the name of a secret."
  type = object({
    username = string
    password = string
  })
  sensitive = true
}

variable "kubernetes_context" {
  description = "Context of the Kubernetes cluster that runs development pipelines."
  type        = string
}

variable "verify_connectors" {
  description = "Whether the workspace verifies the credentials of the connectors before it stores them. Set it to `false` if the workspace cannot reach AWS."
  type        = bool
  default     = true
}
