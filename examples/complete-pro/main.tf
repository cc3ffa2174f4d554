# Team Alpha's environment on ZenML Pro, in one apply: its own workspace, three teams, a project, access to AWS, a
# development stack and a production stack, and roles that give only one team control of production.

terraform {
  required_version = ">= 1.0"

  required_providers {
    zenml = {
      source  = "zenml-io/zenml"
      version = "~> 3.1"
    }
  }
}

# One service account key works for the control plane and the new workspace.
provider "zenml" {
  control_plane_url   = var.zenml_control_plane_url
  service_account_key = var.zenml_service_account_key
}

locals {
  # Who can do what. This is the only place to read or change it.
  teams = {
    developers = {
      name                   = "alpha-developers"
      description            = "Build and try pipelines on the development stack."
      members                = var.developer_emails
      workspace_role         = "member"
      project_role           = "contributor"
      development_stack_role = "write"
      production_stack_role  = "read"
    }
    ml_engineers = {
      name                   = "alpha-ml-engineers"
      description            = "Own the project and its models."
      members                = var.ml_engineer_emails
      workspace_role         = "member"
      project_role           = "admin"
      development_stack_role = "write"
      production_stack_role  = "read"
    }
    ml_ops = {
      name                   = "alpha-ml-ops"
      description            = "Run production."
      members                = var.ml_ops_emails
      workspace_role         = "admin"
      project_role           = "admin"
      development_stack_role = "admin"
      production_stack_role  = "admin"
    }
  }

  prod_role_arn = var.aws_prod_role_arn == null ? var.aws_role_arn : var.aws_prod_role_arn

  # "registry/repository" is one value in AWS and two in ZenML.
  ecr_registry   = split("/", var.ecr_repository_url)[0]
  ecr_repository = trimprefix(trimprefix(var.ecr_repository_url, local.ecr_registry), "/")
}

# ---- Workspace and teams -------------------------------------------------------------------------------------------

resource "zenml_workspace" "alpha" {
  name         = var.workspace_name
  display_name = "Team Alpha"
  description  = "GPU environment of the recommendation engine, with data-lake access."
  tags         = ["team-alpha", "machine-learning", "recommendation"]

  metadata = {
    team        = "alpha"
    cost_center = "ml-platform"
    managed_by  = "terraform"
  }
}

resource "zenml_team" "alpha" {
  for_each = local.teams

  name        = each.value.name
  description = each.value.description
  members     = each.value.members
}

resource "zenml_workspace_role_assignment" "alpha" {
  for_each = local.teams

  workspace_id = zenml_workspace.alpha.id
  team_id      = zenml_team.alpha[each.key].id
  role         = each.value.workspace_role
}

# ---- Project -------------------------------------------------------------------------------------------------------

resource "zenml_project" "recommendation" {
  workspace_id = zenml_workspace.alpha.id
  name         = "recommendation-engine"
  display_name = "Recommendation Engine"
  description  = "Recommends products from what customers looked at."
  tags         = ["recommendation", "gpu"]

  metadata = {
    team      = "alpha"
    data_lake = var.s3_bucket_name
  }
}

resource "zenml_project_role_assignment" "alpha" {
  for_each = local.teams

  workspace_id = zenml_workspace.alpha.id
  project_id   = zenml_project.recommendation.id
  team_id      = zenml_team.alpha[each.key].id
  role         = each.value.project_role
}

# ---- Secrets and cloud access --------------------------------------------------------------------------------------

# Only this secret contains the MLflow password: components refer to it by name.
resource "zenml_secret" "mlflow" {
  workspace_id = zenml_workspace.alpha.id
  name         = "alpha-mlflow"

  values = {
    username = var.mlflow_username
    password = var.mlflow_password
  }
}

resource "zenml_service_connector" "aws" {
  workspace_id = zenml_workspace.alpha.id
  name         = "aws-alpha-connector"
  type         = "aws"
  auth_method  = "iam-role"
  verify       = var.verify_connectors

  configuration = {
    region                = var.aws_region
    role_arn              = var.aws_role_arn
    aws_access_key_id     = var.aws_access_key_id
    aws_secret_access_key = var.aws_secret_access_key
  }

  labels = {
    team        = "alpha"
    environment = "shared"
  }
}

# Only production components use this connector, so a role on the development stack gives no access to production
# credentials.
resource "zenml_service_connector" "aws_prod" {
  workspace_id = zenml_workspace.alpha.id
  name         = "aws-alpha-prod-connector"
  type         = "aws"
  auth_method  = "iam-role"
  verify       = var.verify_connectors

  configuration = {
    region                = var.aws_region
    role_arn              = local.prod_role_arn
    aws_access_key_id     = var.aws_access_key_id
    aws_secret_access_key = var.aws_secret_access_key
  }

  labels = {
    team        = "alpha"
    environment = "production"
  }
}

# ---- Components shared by both stacks ------------------------------------------------------------------------------

resource "zenml_stack_component" "s3" {
  workspace_id          = zenml_workspace.alpha.id
  name                  = "s3-alpha-artifacts"
  type                  = "artifact_store"
  flavor                = "s3"
  connector_id          = zenml_service_connector.aws.id
  connector_resource_id = "s3://${var.s3_bucket_name}"

  configuration = {
    path = "s3://${var.s3_bucket_name}/artifacts"
  }

  labels = {
    team        = "alpha"
    environment = "shared"
  }
}

resource "zenml_stack_component" "ecr" {
  workspace_id          = zenml_workspace.alpha.id
  name                  = "ecr-alpha-registry"
  type                  = "container_registry"
  flavor                = "aws"
  connector_id          = zenml_service_connector.aws.id
  connector_resource_id = local.ecr_registry

  configuration = {
    for key, value in {
      uri                = local.ecr_registry
      default_repository = local.ecr_repository
    } : key => value if value != ""
  }

  labels = {
    team        = "alpha"
    environment = "shared"
  }
}

# ---- Development ---------------------------------------------------------------------------------------------------

resource "zenml_stack_component" "kubernetes" {
  workspace_id = zenml_workspace.alpha.id
  name         = "kubernetes-dev"
  type         = "orchestrator"
  flavor       = "kubernetes"

  configuration = {
    kubernetes_context   = var.kubernetes_context
    kubernetes_namespace = "zenml"
    synchronous          = false
    max_parallelism      = 4
  }

  labels = {
    team        = "alpha"
    environment = "development"
  }
}

# With run_locally, the development stack runs pipelines on the machine of the person who starts them.
resource "zenml_stack_component" "local" {
  for_each = var.run_locally ? toset(["orchestrator", "artifact_store"]) : toset([])

  workspace_id = zenml_workspace.alpha.id
  name         = "local-dev"
  type         = each.key
  flavor       = "local"

  labels = {
    team        = "alpha"
    environment = "development"
  }
}

resource "zenml_stack" "dev" {
  workspace_id = zenml_workspace.alpha.id
  name         = "alpha-dev-stack"

  components = var.run_locally ? tomap({
    for type, component in zenml_stack_component.local : type => component.id
    }) : tomap({
    orchestrator       = zenml_stack_component.kubernetes.id
    artifact_store     = zenml_stack_component.s3.id
    container_registry = zenml_stack_component.ecr.id
  })

  labels = {
    team        = "alpha"
    environment = "development"
  }
}

# ---- Production ----------------------------------------------------------------------------------------------------

resource "zenml_stack_component" "sagemaker" {
  workspace_id = zenml_workspace.alpha.id
  name         = "sagemaker-prod"
  type         = "orchestrator"
  flavor       = "sagemaker"
  connector_id = zenml_service_connector.aws_prod.id

  configuration = {
    execution_role    = local.prod_role_arn
    region            = var.aws_region
    instance_type     = "ml.g5.xlarge"
    volume_size_in_gb = 100
    synchronous       = false
  }

  labels = {
    team        = "alpha"
    environment = "production"
  }
}

# The registry has no settings of its own: it uses the server of the tracker, so its stack must contain the tracker.
resource "zenml_stack_component" "mlflow" {
  workspace_id = zenml_workspace.alpha.id
  name         = "mlflow-prod"
  type         = "model_registry"
  flavor       = "mlflow"

  labels = {
    team        = "alpha"
    environment = "production"
  }
}

resource "zenml_stack_component" "mlflow_tracker" {
  workspace_id = zenml_workspace.alpha.id
  name         = "mlflow-tracker-prod"
  type         = "experiment_tracker"
  flavor       = "mlflow"

  configuration = {
    tracking_uri      = var.mlflow_tracking_uri
    tracking_username = "{{${zenml_secret.mlflow.name}.username}}"
    tracking_password = "{{${zenml_secret.mlflow.name}.password}}"
    experiment_name   = zenml_project.recommendation.name
  }

  labels = {
    team        = "alpha"
    environment = "production"
  }
}

resource "zenml_stack" "prod" {
  workspace_id = zenml_workspace.alpha.id
  name         = "alpha-prod-stack"

  components = {
    orchestrator       = zenml_stack_component.sagemaker.id
    artifact_store     = zenml_stack_component.s3.id
    container_registry = zenml_stack_component.ecr.id
    model_registry     = zenml_stack_component.mlflow.id
    experiment_tracker = zenml_stack_component.mlflow_tracker.id
  }

  labels = {
    team        = "alpha"
    environment = "production"
  }
}

# ---- Stack roles ---------------------------------------------------------------------------------------------------

# With component_ids, the role covers a component that joins the stack in the same apply.

resource "zenml_stack_role_assignment" "dev" {
  for_each = local.teams

  workspace_id  = zenml_workspace.alpha.id
  stack_id      = zenml_stack.dev.id
  team_id       = zenml_team.alpha[each.key].id
  role          = each.value.development_stack_role
  component_ids = values(zenml_stack.dev.components)
}

resource "zenml_stack_role_assignment" "prod" {
  for_each = local.teams

  workspace_id  = zenml_workspace.alpha.id
  stack_id      = zenml_stack.prod.id
  team_id       = zenml_team.alpha[each.key].id
  role          = each.value.production_stack_role
  component_ids = values(zenml_stack.prod.components)
}
