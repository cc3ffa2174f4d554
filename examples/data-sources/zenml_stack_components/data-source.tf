# The keys are names, because all components have one type.
data "zenml_stack_components" "artifact_stores" {
  workspace_id = data.zenml_workspace.alpha.id
  type         = "artifact_store"
  flavor       = "s3"
}

# The keys are types and names, such as "experiment_tracker/mlflow".
data "zenml_stack_components" "of_the_team" {
  workspace_id = data.zenml_workspace.alpha.id

  labels = {
    team = "alpha"
  }
}
