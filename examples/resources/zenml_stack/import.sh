terraform import zenml_stack.dev STACK_ID
# By name, or in another workspace than the provider's:
terraform import zenml_stack.dev alpha-dev-stack
terraform import zenml_stack.dev alpha-workspace/alpha-dev-stack
