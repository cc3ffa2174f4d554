# All code repositories of a project.
list "zenml_code_repository" "training" {
  provider = zenml

  config {
    project_id = var.project_id
  }
}
