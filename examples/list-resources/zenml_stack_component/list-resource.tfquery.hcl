# Up to 1000 Kubernetes orchestrators.
list "zenml_stack_component" "orchestrators" {
  provider = zenml
  limit    = 1000

  config {
    type   = "orchestrator"
    flavor = "kubernetes"
  }
}
