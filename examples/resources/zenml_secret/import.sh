terraform import zenml_secret.mlflow SECRET_ID
# By name, or in another workspace than the provider's:
terraform import zenml_secret.mlflow alpha-mlflow
terraform import zenml_secret.mlflow alpha-workspace/alpha-mlflow
