resource "zenml_service_account" "pipelines" {
  name         = "alpha-pipelines"
  display_name = "Alpha pipelines"
  description  = "Runs the scheduled pipelines of Team Alpha."
}

resource "zenml_workspace_role_assignment" "pipelines" {
  workspace_id       = zenml_workspace.alpha.id
  service_account_id = zenml_service_account.pipelines.id
  role               = "developer"
}
