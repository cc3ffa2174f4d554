terraform import zenml_workspace_role_assignment.developers WORKSPACE_ID/team/TEAM_ID/ROLE
# A user, and a role by its full name:
terraform import zenml_workspace_role_assignment.ann "WORKSPACE_ID/user/USER_ID/Workspace Admin"
