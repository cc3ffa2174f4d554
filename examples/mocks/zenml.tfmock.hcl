# Values for a mocked provider, in place of those that Terraform invents. Copy this file into a folder of your module, and
# use it with:
#
#   mock_provider "zenml" {
#     source = "./tests/mocks"
#   }
#
# Each object of a type gets the same values. Override them in a test with `override_resource` and `override_data`.

mock_resource "zenml_workspace" {
  defaults = {
    id              = "11111111-1111-4111-8111-111111111111"
    organization_id = "22222222-2222-4222-8222-222222222222"
    status          = "available"
    url             = "https://cloud.example.com/workspaces/mocked"
    server_url      = "https://mocked.example.com"
    version         = "0.98.0"
    running_version = "0.98.0"
  }
}

mock_resource "zenml_team" {
  defaults = {
    id = "33333333-3333-4333-8333-333333333333"
  }
}

mock_resource "zenml_role" {
  defaults = {
    id = "cccccccc-cccc-4ccc-8ccc-cccccccccccc"
  }
}

mock_resource "zenml_organization_member" {
  defaults = {
    id      = "new.person@example.com"
    user_id = "34343434-3434-4434-8434-343434343434"
    status  = "active"
  }
}

mock_resource "zenml_project" {
  defaults = {
    id = "44444444-4444-4444-8444-444444444444"
  }
}

mock_resource "zenml_stack" {
  defaults = {
    id = "55555555-5555-4555-8555-555555555555"
  }
}

mock_resource "zenml_stack_component" {
  defaults = {
    id = "66666666-6666-4666-8666-666666666666"
  }
}

mock_resource "zenml_service_connector" {
  defaults = {
    id = "77777777-7777-4777-8777-777777777777"
  }
}

mock_resource "zenml_secret" {
  defaults = {
    id = "88888888-8888-4888-8888-888888888888"
  }
}

mock_resource "zenml_flavor" {
  defaults = {
    id = "99999999-9999-4999-8999-999999999999"
  }
}

mock_resource "zenml_code_repository" {
  defaults = {
    id = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
  }
}

mock_resource "zenml_tag" {
  defaults = {
    id = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
  }
}

mock_resource "zenml_service_account" {
  defaults = {
    id = "cccccccc-cccc-4ccc-8ccc-cccccccccccc"
  }
}

mock_resource "zenml_api_key" {
  defaults = {
    id  = "dddddddd-dddd-4ddd-8ddd-dddddddddddd"
    key = "ZENPROKEY_mocked"
  }
}

mock_data "zenml_organization" {
  defaults = {
    id = "22222222-2222-4222-8222-222222222222"
  }
}

mock_data "zenml_workspace" {
  defaults = {
    id         = "11111111-1111-4111-8111-111111111111"
    status     = "available"
    url        = "https://cloud.example.com/workspaces/mocked"
    server_url = "https://mocked.example.com"
    version    = "0.98.0"
  }
}

mock_data "zenml_team" {
  defaults = {
    id = "33333333-3333-4333-8333-333333333333"
  }
}

mock_data "zenml_role" {
  defaults = {
    id = "cccccccc-cccc-4ccc-8ccc-cccccccccccc"
  }
}

mock_data "zenml_project" {
  defaults = {
    id = "44444444-4444-4444-8444-444444444444"
  }
}

mock_data "zenml_stack" {
  defaults = {
    id = "55555555-5555-4555-8555-555555555555"
  }
}

mock_data "zenml_stack_component" {
  defaults = {
    id = "66666666-6666-4666-8666-666666666666"
  }
}

mock_data "zenml_service_connector" {
  defaults = {
    id = "77777777-7777-4777-8777-777777777777"
  }
}

mock_data "zenml_secret" {
  defaults = {
    id = "88888888-8888-4888-8888-888888888888"
  }
}

mock_data "zenml_flavor" {
  defaults = {
    id            = "99999999-9999-4999-8999-999999999999"
    config_schema = "{\"properties\":{}}"
  }
}
