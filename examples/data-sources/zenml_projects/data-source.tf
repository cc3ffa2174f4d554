data "zenml_projects" "all" {
  workspace_id = data.zenml_workspace.alpha.id
}

output "project_ids" {
  value = { for name, project in data.zenml_projects.all.projects : name => project.id }
}
