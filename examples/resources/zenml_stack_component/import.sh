terraform import zenml_stack_component.artifacts COMPONENT_ID
# By type and name, because components of different types can have the same name:
terraform import zenml_stack_component.artifacts artifact_store/s3-artifacts
# In another workspace than the provider's:
terraform import zenml_stack_component.artifacts alpha-workspace/COMPONENT_ID
terraform import zenml_stack_component.artifacts alpha-workspace/artifact_store/s3-artifacts
