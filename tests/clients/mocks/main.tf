terraform {
  required_providers {
    zenml = { source = "zenml-io/zenml" }
  }
}

resource "zenml_workspace" "this" {
  name = "mocked"
}

resource "zenml_team" "this" {
  name = "mocked"
}

resource "zenml_workspace_role_assignment" "this" {
  workspace_id = zenml_workspace.this.id
  team_id      = zenml_team.this.id
  role         = "Workspace Developer"
}

output "host" {
  value = regex("^https://([^/]+)", zenml_workspace.this.server_url)[0]
}
