//! What each value from the server follows from, for every resource type: the one place to review these declarations.
//!
//! An update makes a value unknown if something that it follows from changes. Unknown values are expensive: a provider
//! block that is configured from one cannot be used in the same run. A value that stays known although the server
//! changes it is stale until the next refresh. So the declarations follow what the servers do:
//!
//! - The address of a workspace stays the same for its whole life. Only a workspace that is deactivated has none.
//! - A server counts every change that it stores as an update, whatever it changes. Only arguments that never reach a
//!   server, which are `local`, change nothing.
//! - An optional argument that is no longer set stays as it is, if the server keeps it as well.
//! - Labels, the description of a project and the settings of a component are always decided by a plan hook: it clears
//!   what is no longer set.

use std::fmt::Write as _;

use serde_json::json;
use tfkit::schema::Kind;
use tfkit::{Attribute, Depends, Engine, Shape, Who};
use zenml_provider::{Environment, Zenml};

use crate::world::under_each_host;

/// `-` stands for nothing, and `any change` for every argument that is not local.
const TABLE: &str = "
zenml_api_key                   organization_id           -
zenml_api_key                   id                        -
zenml_api_key                   expires_in                local
zenml_api_key                   keepers                   local
zenml_api_key                   retain                    local
zenml_api_key                   renew_before              local
zenml_api_key                   key                       -
zenml_api_key                   ready_for_renewal         -
zenml_api_key                   expires_at                -
zenml_api_key                   last_rotated              -
zenml_api_key                   created                   -
zenml_code_repository           workspace_id              -
zenml_code_repository           id                        -
zenml_code_repository           user_id                   -
zenml_code_repository           created                   -
zenml_code_repository           updated                   any change
zenml_flavor                    workspace_id              -
zenml_flavor                    id                        -
zenml_flavor                    display_name              -
zenml_flavor                    user_id                   -
zenml_flavor                    created                   -
zenml_flavor                    updated                   any change
zenml_organization_member       organization_id           -
zenml_organization_member       id                        -
zenml_organization_member       email                     -
zenml_organization_member       user_id                   -
zenml_organization_member       status                    -
zenml_organization_role_assignment id                        role_id
zenml_organization_role_assignment organization_id           -
zenml_organization_role_assignment role                      role_id
zenml_organization_role_assignment role_id                   role
zenml_project                   workspace_id              -
zenml_project                   id                        -
zenml_project                   display_name              -
zenml_project                   description               any change
zenml_project                   tags                      local
zenml_project                   deletion_protection       local
zenml_project                   created                   -
zenml_project                   updated                   any change
zenml_project_role_assignment   id                        role_id
zenml_project_role_assignment   workspace_id              -
zenml_project_role_assignment   role                      role_id
zenml_project_role_assignment   role_id                   role
zenml_resource_share            id                        -
zenml_resource_share            workspace_id              -
zenml_resource_share            grants                    any change
zenml_role                      organization_id           -
zenml_role                      id                        -
zenml_secret                    workspace_id              -
zenml_secret                    id                        -
zenml_secret                    user_id                   -
zenml_secret                    created                   -
zenml_secret                    updated                   any change
zenml_service_account           organization_id           -
zenml_service_account           id                        -
zenml_service_account           display_name              -
zenml_service_account           created                   -
zenml_service_account           updated                   any change
zenml_service_connector         workspace_id              -
zenml_service_connector         id                        -
zenml_service_connector         resource_type             -
zenml_service_connector         description               -
zenml_service_connector         labels                    any change
zenml_service_connector         verify                    local
zenml_service_connector         expires_at                -
zenml_service_connector         expires_skew_tolerance    -
zenml_service_connector         user                      -
zenml_service_connector         created                   -
zenml_service_connector         updated                   any change
zenml_service_connector         timeouts                  local
zenml_stack                     workspace_id              -
zenml_stack                     id                        -
zenml_stack                     description               -
zenml_stack                     environment               -
zenml_stack                     secrets                   -
zenml_stack                     labels                    any change
zenml_stack_component           workspace_id              -
zenml_stack_component           id                        -
zenml_stack_component           configuration             any change
zenml_stack_component           environment               -
zenml_stack_component           secrets                   -
zenml_stack_component           labels                    any change
zenml_stack_component           created                   -
zenml_stack_component           updated                   any change
zenml_stack_role_assignment     id                        -
zenml_stack_role_assignment     workspace_id              -
zenml_stack_role_assignment     grants                    any change
zenml_tag                       workspace_id              -
zenml_tag                       id                        -
zenml_tag                       color                     -
zenml_tag                       user_id                   -
zenml_tag                       created                   -
zenml_tag                       updated                   any change
zenml_team                      organization_id           -
zenml_team                      id                        -
zenml_team                      invite_unknown            local
zenml_team                      invite_role               local
zenml_team                      created                   -
zenml_team                      updated                   any change
zenml_team_membership           id                        -
zenml_team_membership           organization_id           -
zenml_workspace                 organization_id           -
zenml_workspace                 id                        -
zenml_workspace                 display_name              -
zenml_workspace                 version                   -
zenml_workspace                 desired_state             -
zenml_workspace                 deletion_protection       local
zenml_workspace                 timeouts                  local
zenml_workspace                 url                       server_url
zenml_workspace                 server_url                desired_state
zenml_workspace                 running_version           version, desired_state
zenml_workspace                 status                    version, desired_state
zenml_workspace                 enrollment_key            -
zenml_workspace                 created                   -
zenml_workspace                 updated                   any change
zenml_workspace_role_assignment id                        role_id
zenml_workspace_role_assignment role                      role_id
zenml_workspace_role_assignment role_id                   role
";

#[test]
fn what_each_value_follows_from_has_been_reviewed() {
    let engine = Engine::new(Zenml::new(Environment::default()));
    let mut found = String::new();
    let mut names = engine.names(Kind::Resource);
    names.sort_unstable();
    for name in names {
        let schema = engine.schema(Kind::Resource, name).unwrap();
        rows(&mut found, name, "", &schema.attributes);
    }
    let lines = |text: &str| {
        text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    };
    assert!(lines(TABLE) == lines(&found), "Review the declarations, then replace the table by:\n{found}");
}

fn rows(found: &mut String, type_name: &str, place: &str, attributes: &[Attribute]) {
    for attribute in attributes {
        let place = format!("{place}{}", attribute.name);
        let follows = match (&attribute.who, &attribute.depends) {
            _ if attribute.local => Some("local".to_owned()),
            (Who::Server | Who::Computed, _) if attribute.replace => Some("-".to_owned()),
            (Who::Server | Who::Computed, Depends::Anything) => Some("any change".to_owned()),
            (Who::Server | Who::Computed, Depends::Only { attributes, .. }) if attributes.is_empty() => {
                Some("-".to_owned())
            }
            (Who::Server | Who::Computed, Depends::Only { attributes, .. }) => Some(attributes.join(", ")),
            _ => None,
        };
        if let Some(follows) = follows {
            writeln!(found, "{type_name:<31} {place:<25} {follows}").unwrap();
        }
        if let Shape::Nested(_, attributes) = &attribute.shape
            && attribute.who != Who::Computed
            && !attribute.local
        {
            rows(found, type_name, &format!("{place}."), attributes);
        }
    }
}

/// A workspace, and a project that a second provider block makes in it: that block gets the address of the workspace.
const TWO_PROVIDERS: &str = r#"
variable "title" {}

variable "protected" {
  default = null
}

resource "zenml_workspace" "it" {
  name                = "alpha"
  display_name        = var.title
  deletion_protection = var.protected
}

provider "zenml" {
  alias      = "inside"
  server_url = zenml_workspace.it.server_url
}

resource "zenml_project" "it" {
  provider = zenml.inside
  name     = "vision"
}
"#;

#[tokio::test]
async fn a_provider_block_can_use_the_address_of_a_workspace_whose_title_changes() {
    under_each_host(async |world, mut host| {
        const A: &str = "zenml_workspace.it";
        host.write("two.tf", TWO_PROVIDERS).unwrap();
        host.set_variable("title", &json!("Alpha"));
        host.apply().await.unwrap();
        host.set_variable("title", &json!("Beta"));
        let plan = host.plan().await.unwrap();
        assert_eq!(plan.summary(), format!("update {A} (display_name, updated)"));
        host.apply().await.unwrap();
        // An argument that never reaches the server changes nothing else.
        host.set_variable("protected", &json!(false));
        assert_eq!(host.plan().await.unwrap().summary(), format!("update {A} (deletion_protection)"));
        host.apply().await.unwrap();
        host.must_be_settled().await.unwrap();
        host.destroy().await.unwrap();
        world.stop().await;
    })
    .await;
}
