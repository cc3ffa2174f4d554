# All service accounts that can log in.
list "zenml_service_account" "active" {
  provider = zenml

  config {
    active = true
  }
}
