mock_provider "zenml" {
  source = "./tests"
}

run "uses_the_values_of_the_mock" {
  command = apply

  assert {
    condition     = output.host == "mocked.example.com"
    error_message = "The mock has another URL."
  }

  assert {
    condition     = zenml_workspace_role_assignment.this.team_id == zenml_team.this.id
    error_message = "The role goes to another team."
  }
}
