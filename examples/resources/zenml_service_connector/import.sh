terraform import zenml_service_connector.aws CONNECTOR_ID
# By name, or in another workspace than the provider's:
terraform import zenml_service_connector.aws alpha-aws
terraform import zenml_service_connector.aws alpha-workspace/alpha-aws
