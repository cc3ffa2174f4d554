# Adds one person to a team that is managed elsewhere.
resource "zenml_team_membership" "new_person" {
  team_id = zenml_team.operations.id
  email   = zenml_organization_member.new_person.email
}
