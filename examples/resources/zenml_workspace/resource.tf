resource "zenml_workspace" "alpha" {
  name         = "alpha-workspace"
  display_name = "Team Alpha"
  description  = "GPU environment of the recommendation engine."

  # Deleting a workspace deletes everything in it.
  deletion_protection = true

  timeouts = {
    create = "30m"
  }
}
