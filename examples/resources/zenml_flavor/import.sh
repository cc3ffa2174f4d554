terraform import zenml_flavor.shared_files FLAVOR_ID
# By type and name, or in another workspace than the provider's:
terraform import zenml_flavor.shared_files artifact_store/shared-files
terraform import zenml_flavor.shared_files alpha-workspace/artifact_store/shared-files
