# The custom flavors of artifact stores, with all of their arguments.
list "zenml_flavor" "artifact_stores" {
  provider         = zenml
  include_resource = true

  config {
    type = "artifact_store"
  }
}
