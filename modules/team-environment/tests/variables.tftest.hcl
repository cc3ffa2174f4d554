# Input for all tests in this file. A mocked provider needs no account.

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
    ecr_repository_url = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
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
