# All red tags.
list "zenml_tag" "red" {
  provider = zenml

  config {
    color = "red"
  }
}
