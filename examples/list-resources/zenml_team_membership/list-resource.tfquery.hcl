# All members of one team.
list "zenml_team_membership" "all" {
  provider         = zenml
  include_resource = true

  config {
    team_id = var.team_id
  }
}
