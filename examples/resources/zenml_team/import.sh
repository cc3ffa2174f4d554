terraform import zenml_team.developers TEAM_ID
# A team of another organization than the provider's:
terraform import zenml_team.developers ORGANIZATION_ID/TEAM_ID
