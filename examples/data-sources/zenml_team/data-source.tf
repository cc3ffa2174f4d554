data "zenml_team" "developers" {
  name = "alpha-developers"
}
