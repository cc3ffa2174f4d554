terraform import zenml_workspace.alpha WORKSPACE_ID
# A workspace of another organization than the provider's:
terraform import zenml_workspace.alpha ORGANIZATION_ID/WORKSPACE_ID
