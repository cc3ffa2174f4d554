resource "zenml_organization_role_assignment" "operations" {
  team_id = zenml_team.operations.id
  role    = "manager"
}
