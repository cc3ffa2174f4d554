data "zenml_service_accounts" "alpha" {
  name_prefix = "alpha-"
}

output "service_account_ids" {
  value = { for name, account in data.zenml_service_accounts.alpha.service_accounts : name => account.id }
}
