# Two teams, each with an environment of its own, in one apply. Nobody of one team has access to the other's workspace.

terraform {
  required_version = ">= 1.3"

  required_providers {
    zenml = {
      source  = "zenml-io/zenml"
      version = "~> 3.1"
    }
  }
}

# One service account key works for the control plane and both new workspaces.
provider "zenml" {
  control_plane_url   = var.zenml_control_plane_url
  service_account_key = var.zenml_service_account_key
}

module "alpha" {
  source = "../../modules/team-environment"

  name                = "alpha"
  project             = { name = "recommendation-engine", display_name = "Recommendation Engine" }
  members             = var.alpha_members
  kubernetes_context  = "alpha-dev"
  mlflow_tracking_uri = "https://mlflow.alpha.example.com"
  mlflow_login        = var.mlflow_logins["alpha"]
  aws_access_key      = var.aws_access_keys["alpha"]
  verify_connectors   = var.verify_connectors

  aws = {
    region              = "eu-west-1"
    role_arn            = "arn:aws:iam::123456789012:role/alpha"
    production_role_arn = "arn:aws:iam::123456789012:role/alpha-production"
    bucket              = "alpha-data-lake"
    ecr_repository_url  = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/alpha"
  }
}

module "beta" {
  source = "../../modules/team-environment"

  name                = "beta"
  project             = { name = "fraud-detection", display_name = "Fraud Detection" }
  members             = var.beta_members
  kubernetes_context  = "beta-dev"
  mlflow_tracking_uri = "https://mlflow.beta.example.com"
  mlflow_login        = var.mlflow_logins["beta"]
  aws_access_key      = var.aws_access_keys["beta"]
  verify_connectors   = var.verify_connectors

  # Team Beta's ML engineers run production together with ML ops.
  roles = {
    ml_engineers = { production_stack = "write" }
  }

  aws = {
    region             = "eu-central-1"
    role_arn           = "arn:aws:iam::210987654321:role/beta"
    bucket             = "beta-transactions"
    ecr_repository_url = "210987654321.dkr.ecr.eu-central-1.amazonaws.com"
    instance_type      = "ml.g5.12xlarge"
  }
}

# Who can do what with the production stack of each team, and why.
data "zenml_access" "production" {
  for_each = { alpha = module.alpha, beta = module.beta }

  workspace_id = each.value.workspace_id
  stack_id     = each.value.stack_ids.production

  # Read the table after all roles are assigned.
  depends_on = [module.alpha, module.beta]
}
