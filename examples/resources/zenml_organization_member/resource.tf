# Somebody without an account is invited, and becomes a member by accepting.
resource "zenml_organization_member" "new_person" {
  email = "new.person@example.com"
}
