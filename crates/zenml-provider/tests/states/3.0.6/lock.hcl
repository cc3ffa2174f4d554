# This file is maintained automatically by "terraform init".
# Manual edits may be lost in future updates.

provider "registry.terraform.io/zenml-io/zenml" {
  version     = "3.0.6"
  constraints = "3.0.6"
  hashes = [
    "h1:Ku487qyoGPtMHvCuv1a20Lej4JmL6IW0ofhMZAD3knE=",
  ]
}
