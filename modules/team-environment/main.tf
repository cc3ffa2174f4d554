locals {
  teams = {
    for key, team in {
      developers   = { suffix = "developers", description = "Build and try pipelines on the development stack." }
      ml_engineers = { suffix = "ml-engineers", description = "Own the project and its models." }
      ml_ops       = { suffix = "ml-ops", description = "Run production." }
      } : key => {
      name        = "${var.name}-${team.suffix}"
      description = team.description
      members     = var.members[key]
      roles       = var.roles[key]
    }
  }

  production_role_arn = coalesce(var.aws.production_role_arn, var.aws.role_arn)

  # "registry/repository" is one value in AWS and two in ZenML.
  ecr_registry   = split("/", var.aws.ecr_repository_url)[0]
  ecr_repository = trimprefix(trimprefix(var.aws.ecr_repository_url, local.ecr_registry), "/")

  labels = {
    for environment in ["shared", "development", "production"] :
    environment => { team = var.name, environment = environment }
  }
}

# ---- Workspace, teams and project ----------------------------------------------------------------------------------

resource "zenml_workspace" "this" {
  name                = coalesce(var.workspace_name, "${var.name}-workspace")
  display_name        = coalesce(var.display_name, "Team ${title(replace(var.name, "-", " "))}")
  description         = var.description
  deletion_protection = var.deletion_protection
}

resource "zenml_team" "this" {
  for_each = local.teams

  name           = each.value.name
  description    = each.value.description
  members        = each.value.members
  invite_unknown = var.invite_unknown
}

resource "zenml_project" "this" {
  workspace_id = zenml_workspace.this.id
  name         = var.project.name
  display_name = var.project.display_name
  description  = var.project.description
}

# ---- Secrets and cloud access --------------------------------------------------------------------------------------

# Only this secret contains the MLflow password: components refer to it by name.
resource "zenml_secret" "mlflow" {
  workspace_id = zenml_workspace.this.id
  name         = "${var.name}-mlflow"

  values = {
    username = var.mlflow_login.username
    password = var.mlflow_login.password
  }
}

# Only production components use the production connector, so a role on the development stack gives no access to
# production credentials.
resource "zenml_service_connector" "aws" {
  for_each = {
    shared     = { name = "aws-${var.name}-connector", role_arn = var.aws.role_arn }
    production = { name = "aws-${var.name}-prod-connector", role_arn = local.production_role_arn }
  }

  workspace_id = zenml_workspace.this.id
  name         = each.value.name
  type         = "aws"
  auth_method  = "iam-role"
  verify       = var.verify_connectors
  labels       = local.labels[each.key]

  configuration = {
    region                = var.aws.region
    role_arn              = each.value.role_arn
    aws_access_key_id     = var.aws_access_key.id
    aws_secret_access_key = var.aws_access_key.secret
  }
}

# ---- Components ----------------------------------------------------------------------------------------------------

resource "zenml_stack_component" "s3" {
  workspace_id          = zenml_workspace.this.id
  name                  = "s3-${var.name}-artifacts"
  type                  = "artifact_store"
  flavor                = "s3"
  connector_id          = zenml_service_connector.aws["shared"].id
  connector_resource_id = "s3://${var.aws.bucket}"
  labels                = local.labels["shared"]

  configuration = {
    path = "s3://${var.aws.bucket}/artifacts"
  }
}

resource "zenml_stack_component" "ecr" {
  workspace_id          = zenml_workspace.this.id
  name                  = "ecr-${var.name}-registry"
  type                  = "container_registry"
  flavor                = "aws"
  connector_id          = zenml_service_connector.aws["shared"].id
  connector_resource_id = local.ecr_registry
  labels                = local.labels["shared"]

  configuration = merge(
    { uri = local.ecr_registry },
    local.ecr_repository == "" ? {} : { default_repository = local.ecr_repository },
  )
}

resource "zenml_stack_component" "kubernetes" {
  workspace_id = zenml_workspace.this.id
  name         = "kubernetes-dev"
  type         = "orchestrator"
  flavor       = "kubernetes"
  labels       = local.labels["development"]

  configuration = {
    kubernetes_context   = var.kubernetes_context
    kubernetes_namespace = "zenml"
    synchronous          = false
  }
}

resource "zenml_stack_component" "sagemaker" {
  workspace_id = zenml_workspace.this.id
  name         = "sagemaker-prod"
  type         = "orchestrator"
  flavor       = "sagemaker"
  connector_id = zenml_service_connector.aws["production"].id
  labels       = local.labels["production"]

  configuration = {
    execution_role    = local.production_role_arn
    region            = var.aws.region
    instance_type     = var.aws.instance_type
    volume_size_in_gb = var.aws.volume_size_in_gb
    synchronous       = false
  }
}

# The registry has no settings of its own: it uses the server of the tracker, so its stack must contain the tracker.
resource "zenml_stack_component" "mlflow" {
  workspace_id = zenml_workspace.this.id
  name         = "mlflow-prod"
  type         = "model_registry"
  flavor       = "mlflow"
  labels       = local.labels["production"]
}

resource "zenml_stack_component" "mlflow_tracker" {
  workspace_id = zenml_workspace.this.id
  name         = "mlflow-tracker-prod"
  type         = "experiment_tracker"
  flavor       = "mlflow"
  labels       = local.labels["production"]

  configuration = {
    tracking_uri      = var.mlflow_tracking_uri
    tracking_username = "{{${zenml_secret.mlflow.name}.username}}"
    tracking_password = "{{${zenml_secret.mlflow.name}.password}}"
    experiment_name   = zenml_project.this.name
  }
}

# ---- Stacks --------------------------------------------------------------------------------------------------------

resource "zenml_stack" "development" {
  workspace_id = zenml_workspace.this.id
  name         = "${var.name}-dev-stack"
  labels       = local.labels["development"]

  components = {
    orchestrator       = zenml_stack_component.kubernetes.id
    artifact_store     = zenml_stack_component.s3.id
    container_registry = zenml_stack_component.ecr.id
  }
}

resource "zenml_stack" "production" {
  workspace_id = zenml_workspace.this.id
  name         = "${var.name}-prod-stack"
  labels       = local.labels["production"]

  components = {
    orchestrator       = zenml_stack_component.sagemaker.id
    artifact_store     = zenml_stack_component.s3.id
    container_registry = zenml_stack_component.ecr.id
    model_registry     = zenml_stack_component.mlflow.id
    experiment_tracker = zenml_stack_component.mlflow_tracker.id
  }
}

# ---- Roles ---------------------------------------------------------------------------------------------------------

resource "zenml_workspace_role_assignment" "this" {
  for_each = { for key, team in local.teams : key => team.roles.workspace if team.roles.workspace != "none" }

  workspace_id = zenml_workspace.this.id
  team_id      = zenml_team.this[each.key].id
  role         = each.value
}

resource "zenml_project_role_assignment" "this" {
  for_each = { for key, team in local.teams : key => team.roles.project if team.roles.project != "none" }

  workspace_id = zenml_workspace.this.id
  project_id   = zenml_project.this.id
  team_id      = zenml_team.this[each.key].id
  role         = each.value
}

# With component_ids, a role covers a component that joins the stack in the same apply.
resource "zenml_stack_role_assignment" "development" {
  for_each = {
    for key, team in local.teams : key => team.roles.development_stack if team.roles.development_stack != "none"
  }

  workspace_id  = zenml_workspace.this.id
  stack_id      = zenml_stack.development.id
  team_id       = zenml_team.this[each.key].id
  role          = each.value
  component_ids = values(zenml_stack.development.components)
}

resource "zenml_stack_role_assignment" "production" {
  for_each = {
    for key, team in local.teams : key => team.roles.production_stack if team.roles.production_stack != "none"
  }

  workspace_id  = zenml_workspace.this.id
  stack_id      = zenml_stack.production.id
  team_id       = zenml_team.this[each.key].id
  role          = each.value
  component_ids = values(zenml_stack.production.components)
}
