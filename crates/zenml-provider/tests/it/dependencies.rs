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

use serde_json::json;
use tfkit::schema::Kind;
use tfkit::{Attribute, Depends, Engine, Shape, Who};
use zenml_provider::{Environment, Zenml};

use crate::world::under_each_host;

/// `-` stands for nothing, and `any change` for every argument that is not local.
const TABLE: &str = "";

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
            *found += &format!("{type_name:<32}{place:<26}{follows}\n");
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
