data "zenml_service_account" "pipelines" {
  name = "alpha-pipelines"
}
