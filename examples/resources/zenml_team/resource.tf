resource "zenml_team" "developers" {
  name        = "alpha-developers"
  description = "Build and try pipelines on the development stack."

  members = [
    "ann@example.com",
    "bob@example.com",
  ]
}
