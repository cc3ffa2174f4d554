ephemeral "zenml_access_token" "alpha" {
  workspace_id = zenml_workspace.alpha.id
}

# A write-only attribute accepts the token, and neither the plan nor the state contains it.
resource "zenml_secret" "alpha_token" {
  workspace_id      = zenml_workspace.alpha.id
  name              = "alpha-token"
  values_wo         = { token = ephemeral.zenml_access_token.alpha.token }
  values_wo_version = 1
}

# The token of another account, in exchange for its API key.
ephemeral "zenml_access_token" "pipelines" {
  plane               = "control_plane"
  service_account_key = zenml_api_key.pipelines.key
  service_account_id  = zenml_service_account.pipelines.id
}
