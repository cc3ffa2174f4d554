# All AWS connectors.
list "zenml_service_connector" "aws" {
  provider = zenml

  config {
    type = "aws"
  }
}
