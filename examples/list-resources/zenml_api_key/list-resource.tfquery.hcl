# The keys of one service account.
list "zenml_api_key" "pipelines" {
  provider         = zenml
  include_resource = true

  config {
    service_account_id = var.service_account_id
  }
}
