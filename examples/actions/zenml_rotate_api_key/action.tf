resource "zenml_service_account" "robot" {
  name = "robot"
}

resource "zenml_api_key" "robot" {
  service_account_id = zenml_service_account.robot.id
  name               = "robot"
}

# Ends the key at once: terraform apply -invoke=action.zenml_rotate_api_key.leaked
action "zenml_rotate_api_key" "leaked" {
  config {
    service_account_id = zenml_service_account.robot.id
    api_key_id         = zenml_api_key.robot.id
  }
}
