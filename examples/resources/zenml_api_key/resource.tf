# A new month, a new key: the old one stays valid for a day, in which its users get the new one.
resource "zenml_api_key" "pipelines" {
  service_account_id = zenml_service_account.pipelines.id
  name               = "ci"
  description        = "Starts pipelines from CI."
  expires_in         = "1080h"
  keepers            = { month = "2026-12" }
  retain             = "24h"
  renew_before       = "168h"
}

# A key that is replaced: the new one is created before the old one is deleted.
resource "zenml_api_key" "reports" {
  service_account_id = zenml_service_account.pipelines.id
  name               = "reports"
  keepers            = { owner = "ann@example.com" }

  lifecycle {
    create_before_destroy = true
  }
}

output "pipelines_key" {
  value     = zenml_api_key.pipelines.key
  sensitive = true
}
