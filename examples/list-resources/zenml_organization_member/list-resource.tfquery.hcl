# All people who are invited, and have not accepted yet.
list "zenml_organization_member" "invited" {
  provider = zenml

  config {
    status = "invited"
  }
}
