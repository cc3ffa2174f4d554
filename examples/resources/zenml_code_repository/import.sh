terraform import zenml_code_repository.training CODE_REPOSITORY_ID
# By project and name, or in another workspace than the provider's:
terraform import zenml_code_repository.training recommendation-engine/training
terraform import zenml_code_repository.training alpha-workspace/recommendation-engine/training
