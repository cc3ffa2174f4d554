# The secrets whose name starts with "prod-". The values are not part of the result.
list "zenml_secret" "production" {
  provider = zenml

  config {
    name_prefix = "prod-"
  }
}
