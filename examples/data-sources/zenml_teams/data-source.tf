data "zenml_teams" "alpha" {
  name_prefix = "alpha-"
}

output "team_ids" {
  value = { for name, team in data.zenml_teams.alpha.teams : name => team.id }
}
