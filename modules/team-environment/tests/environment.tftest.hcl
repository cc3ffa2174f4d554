# What the module creates and rejects. A mocked provider needs no account.

mock_provider "zenml" {}

variables {
  name                = "alpha"
  project             = { name = "recommendation-engine" }
  kubernetes_context  = "alpha-dev"
  mlflow_tracking_uri = "https://mlflow.example.com"
  mlflow_login        = { username = "alpha", password = "not-a-password" }
  aws_access_key      = { id = "NOT-A-KEY-ID", secret = "not-a-secret-key" }

  members = {
    developers   = ["ann@example.com", "bob@example.com"]
    ml_engineers = ["eve@example.com"]
    ml_ops       = ["tom@example.com"]
  }

  aws = {
    region             = "eu-west-1"
    role_arn           = "arn:aws:iam::123456789012:role/alpha"
    bucket             = "alpha-data-lake"
    ecr_repository_url = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/images"
  }
}

run "names_everything_after_the_team" {
  command = plan

  assert {
    condition     = zenml_workspace.this.name == "alpha-workspace" && zenml_workspace.this.display_name == "Team Alpha"
    error_message = "The workspace has another name."
  }

  assert {
    condition     = toset([for team in zenml_team.this : team.name]) == toset(["alpha-developers", "alpha-ml-engineers", "alpha-ml-ops"])
    error_message = "The teams have other names."
  }

  assert {
    condition     = [zenml_stack.development.name, zenml_stack.production.name] == ["alpha-dev-stack", "alpha-prod-stack"]
    error_message = "The stacks have other names."
  }
}

run "lets_only_ml_ops_change_production" {
  command = plan

  assert {
    condition     = { for team, role in zenml_stack_role_assignment.production : team => role.role } == { developers = "read", ml_engineers = "read", ml_ops = "admin" }
    error_message = "The production stack has other roles."
  }

  assert {
    condition     = { for team, role in zenml_stack_role_assignment.development : team => role.role } == { developers = "write", ml_engineers = "write", ml_ops = "admin" }
    error_message = "The development stack has other roles."
  }

  assert {
    condition     = { for team, role in zenml_workspace_role_assignment.this : team => role.role } == { developers = "member", ml_engineers = "member", ml_ops = "admin" }
    error_message = "The workspace has other roles."
  }

  assert {
    condition     = { for team, role in zenml_project_role_assignment.this : team => role.role } == { developers = "contributor", ml_engineers = "admin", ml_ops = "admin" }
    error_message = "The project has other roles."
  }
}

run "changes_single_roles" {
  command = plan

  variables {
    roles = {
      developers   = { production_stack = "none" }
      ml_engineers = { production_stack = "write" }
    }
  }

  assert {
    condition     = { for team, role in zenml_stack_role_assignment.production : team => role.role } == { ml_engineers = "write", ml_ops = "admin" }
    error_message = "The production stack has other roles."
  }

  assert {
    condition     = length(zenml_stack_role_assignment.development) == 3
    error_message = "A role on the development stack is missing."
  }
}

run "keeps_production_credentials_apart" {
  command = apply

  variables {
    aws = {
      region              = "eu-west-1"
      role_arn            = "arn:aws:iam::123456789012:role/alpha"
      production_role_arn = "arn:aws:iam::123456789012:role/alpha-production"
      bucket              = "alpha-data-lake"
      ecr_repository_url  = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/images"
    }
  }

  assert {
    condition     = zenml_stack_component.sagemaker.connector_id == output.connector_ids.production
    error_message = "Production uses the shared connector."
  }

  assert {
    condition     = nonsensitive(zenml_service_connector.aws["production"].configuration.role_arn) == "arn:aws:iam::123456789012:role/alpha-production"
    error_message = "The production connector assumes another role."
  }

  assert {
    condition     = zenml_stack_component.ecr.configuration == tomap({ uri = "123456789012.dkr.ecr.eu-west-1.amazonaws.com", default_repository = "images" })
    error_message = "The registry has another repository."
  }
}

run "rejects_a_name_with_capital_letters" {
  command = plan

  variables {
    name = "Alpha"
  }

  expect_failures = [var.name]
}

run "rejects_a_name_that_ends_with_a_hyphen" {
  command = plan

  variables {
    name = "alpha-"
  }

  expect_failures = [var.name]
}

run "rejects_a_member_that_is_no_email_address" {
  command = plan

  variables {
    members = {
      developers   = ["ann"]
      ml_engineers = []
      ml_ops       = ["tom@example.com"]
    }
  }

  expect_failures = [var.members]
}

run "rejects_a_production_that_nobody_runs" {
  command = plan

  variables {
    members = {
      developers   = ["ann@example.com"]
      ml_engineers = []
      ml_ops       = []
    }
  }

  expect_failures = [var.members]
}

run "rejects_an_unknown_stack_role" {
  command = plan

  variables {
    roles = { developers = { production_stack = "owner" } }
  }

  expect_failures = [var.roles]
}

run "rejects_a_project_name_with_spaces" {
  command = plan

  variables {
    project = { name = "Recommendation Engine" }
  }

  expect_failures = [var.project]
}

run "rejects_a_role_that_is_no_arn" {
  command = plan

  variables {
    aws = {
      region             = "eu-west-1"
      role_arn           = "alpha"
      bucket             = "alpha-data-lake"
      ecr_repository_url = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    }
  }

  expect_failures = [var.aws]
}

run "rejects_a_bucket_with_a_path" {
  command = plan

  variables {
    aws = {
      region             = "eu-west-1"
      role_arn           = "arn:aws:iam::123456789012:role/alpha"
      bucket             = "s3://alpha-data-lake/artifacts"
      ecr_repository_url = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    }
  }

  expect_failures = [var.aws]
}

run "rejects_a_tracking_uri_without_a_scheme" {
  command = plan

  variables {
    mlflow_tracking_uri = "mlflow.example.com"
  }

  expect_failures = [var.mlflow_tracking_uri]
}
