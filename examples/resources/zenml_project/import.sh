terraform import zenml_project.recommendation PROJECT_ID
# By name, or in another workspace than the provider's:
terraform import zenml_project.recommendation recommendation-engine
terraform import zenml_project.recommendation alpha-workspace/recommendation-engine
