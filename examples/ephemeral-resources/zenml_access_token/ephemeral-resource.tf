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
