data "zenml_user" "ann" {
  email = "ann@example.com"
}

output "ann_has_joined" {
  value = data.zenml_user.ann.status == "active"
}
