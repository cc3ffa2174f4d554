# Everybody who is invited, and has not accepted yet.
data "zenml_users" "invited" {
  status = "invited"
}

output "invited" {
  value = keys(data.zenml_users.invited.users)
}
