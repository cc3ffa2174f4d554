variable "zenml_api_key" {
  description = "Key of the service account that the provider uses."
  sensitive   = true
}

# The ID is not secret. It identifies the key in the list of keys of the service account.
output "zenml_key_id" {
  value = nonsensitive(provider::zenml::key_parts(var.zenml_api_key).id)
}
