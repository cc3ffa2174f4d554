module zenml.example/acceptance

go 1.25.0

require github.com/hashicorp/terraform-plugin-testing v1.16.0
