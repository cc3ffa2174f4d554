output "workspaces" {
  description = "URLs of the workspaces in the dashboard, by team."
  value       = { alpha = module.alpha.workspace_url, beta = module.beta.workspace_url }
}

output "environments" {
  description = "IDs of the workspace, the project, the teams and the stacks, by team."
  value = {
    for team, environment in { alpha = module.alpha, beta = module.beta } : team => {
      workspace_id                   = environment.workspace_id
      project_id                     = environment.project_id
      team_ids                       = environment.team_ids
      stack_ids                      = environment.stack_ids
    }
  }
}

output "who_changes_production" {
  description = "People who can change the production stack of each team, with the reason."
  value = {
    for team, table in data.zenml_access.production : team => sort(distinct([
      for row in table.access :
      "${row.principal}: ${coalesce(row.role, row.reason)}${row.team == null ? "" : " of ${row.team}"}"
      if row.principal_type != "service_account" &&
      startswith(row.object, "stack/") &&
      contains(coalesce(row.actions, []), "update")
    ]))
  }
}
