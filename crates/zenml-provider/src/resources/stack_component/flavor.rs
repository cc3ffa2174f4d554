//! What the server's flavors say about a component, asked while planning.
//!
//! Only what a plan brings anew is looked at, and only what the server surely refuses is an error. Whatever cannot be
//! asked at that time, because the workspace does not exist yet or nobody answers, is left to the apply.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use tfkit::{Cx, Diag, Dyn, Path, Plan, Step};
use zenml_api::workspace::component::ALL_TYPES;
use zenml_api::workspace::connector::{self, SecretsQuery};
use zenml_api::workspace::flavor::{self as api, Flavor, FlavorQuery};
use zenml_api::{ConnectorId, WorkspaceId};
use zenml_client::ApiError;

use super::refusal::no_flavor;
use super::{StackComponent, kind};
use crate::cache::Cache;
use crate::client::Client;
use crate::in_workspace::scope::{self, Reach, Server};
use crate::in_workspace::text;
use crate::resources::flavor;

/// Where a flavor is, its type and its name.
type FlavorKey = (Option<WorkspaceId>, String, String);

/// What was learned in this run about flavors and the connectors that go with them.
#[derive(Debug, Default)]
struct Flavors {
    rules: Cache<FlavorKey, Option<Rules>>,
    connector_types: Cache<(Option<WorkspaceId>, ConnectorId), Option<String>>,
}

/// What a flavor demands of a component.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rules {
    /// Names of the settings that there are; none where the server does not check them.
    pub(super) known: Option<BTreeSet<String>>,
    required: Vec<String>,
    /// Old names of settings. The server puts them in the place of others, possibly required ones.
    pub(super) deprecated: BTreeSet<String>,
    /// What a setting is where nobody sets it, as far as its description tells.
    pub(super) defaults: BTreeMap<String, Default>,
    connector_type: Option<String>,
}

/// How a description tells a default: as a value, or in a sentence.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Default {
    /// As a value; null where there is none.
    pub(super) value: Json,
    /// The words from "default" on, in lower case.
    pub(super) words: String,
}

impl Default {
    fn of(property: &Json) -> Self {
        let said = property["description"].as_str().unwrap_or_default().to_lowercase();
        let words = said.find("default").map(|place| said[place..].to_owned()).unwrap_or_default();
        Self { value: property["default"].clone(), words }
    }
}

impl Rules {
    fn of(flavor: &Flavor) -> Self {
        let is_custom = flavor.body.as_ref().is_some_and(|body| body.is_custom);
        let schema = flavor.metadata.as_ref().map(|metadata| &metadata.config_schema).filter(|_| !is_custom);
        let properties = schema.and_then(|schema| schema["properties"].as_object());
        let is_old = |property: &Json| property.to_string().to_lowercase().contains("deprecated");
        let old = |(name, property): (&String, &Json)| is_old(property).then(|| name.clone());
        let required = schema.and_then(|schema| schema["required"].as_array()).into_iter().flatten();
        Self {
            known: properties.map(|properties| properties.keys().cloned().collect()),
            required: required.filter_map(|name| name.as_str().map(str::to_owned)).collect(),
            deprecated: properties.into_iter().flatten().filter_map(old).collect(),
            defaults: properties
                .into_iter()
                .flatten()
                .map(|(name, property)| (name.clone(), Default::of(property)))
                .filter(|(_, default)| !default.value.is_null() || !default.words.is_empty())
                .collect(),
            connector_type: flavor.metadata.as_ref().and_then(|metadata| metadata.connector_type.clone()),
        }
    }

    /// What is wrong with settings, of which only the names count. `earlier` are those that the component has already:
    /// a server takes them although a newer release does not know them any more.
    fn complaints(&self, flavor: &str, given: &Given, earlier: &BTreeSet<String>) -> Vec<Diag> {
        let Some(known) = &self.known else { return Vec::new() };
        let mut found = Vec::new();
        for (name, place) in &given.names {
            if !known.contains(name) && !earlier.contains(name) {
                let list: Vec<&str> = known.iter().map(String::as_str).collect();
                let list = if list.is_empty() { "none".to_owned() } else { list.join(", ") };
                found.push(
                    Diag::error(format!("The flavor {flavor:?} has no setting {name:?}"))
                        .why(format!("The server rejects settings that it does not know. It knows: {list}."))
                        .fix("Correct the name, or remove the setting.")
                        .at(place.clone()),
                );
            }
        }
        let is_given = |name: &String| given.names.contains_key(name);
        if self.deprecated.iter().any(is_given) {
            return found;
        }
        for name in self.required.iter().filter(|name| !is_given(name)) {
            found.push(
                Diag::error(format!("The flavor {flavor:?} requires the setting {name:?}"))
                    .why("A component of this flavor requires it.")
                    .fix(format!("Add it:\n  {} = {{\n    {name} = …\n  }}", given.place))
                    .at(given.place.clone()),
            );
        }
        found
    }
}

/// The settings that a plan names.
struct Given {
    /// The attribute that holds them.
    place: Path,
    /// Names, and where each stands. One that is null is not sent.
    names: BTreeMap<String, Path>,
}

impl Given {
    /// None while it is not known which settings there are.
    fn of(plan: &Plan<StackComponent>) -> Option<Self> {
        let planned = plan.planned();
        let (texts, values) =
            (planned.dyn_of(StackComponent::CONFIGURATION), planned.dyn_of(StackComponent::SETTINGS));
        if texts.is_unknown() || values.is_unknown() {
            return None;
        }
        let is_text = values.is_null();
        let (place, given) = if is_text {
            (StackComponent::CONFIGURATION.path(), texts)
        } else {
            (StackComponent::SETTINGS.path(), values)
        };
        let step = |name: &str| {
            if is_text { Step::Key(name.to_owned()) } else { Step::Attribute(name.to_owned()) }
        };
        let set =
            given.as_map().into_iter().flatten().filter(|(_, value): &(&String, &Dyn)| !value.is_null());
        let names = set.map(|(name, _)| (name.clone(), place.clone().step(step(name)))).collect();
        Some(Self { place, names })
    }
}

/// Where a flavor is looked for.
struct Place<'a> {
    client: &'a Client,
    server: Server,
    kind: String,
    flavor: String,
}

impl<'a> Place<'a> {
    /// None while something of it is not known, or nobody answers.
    async fn of(cx: &'a Cx<Client>, plan: &Plan<StackComponent>) -> Option<Self> {
        let client = cx.client_if_known()?;
        let (kind, flavor) =
            (plan.get(StackComponent::TYPE).known()?, plan.get(StackComponent::FLAVOR).known()?);
        let own = plan.get(StackComponent::WORKSPACE_ID).known().map(|id| id.0);
        if own.is_none() && plan.config().get(StackComponent::WORKSPACE_ID).is_unknown() {
            return None;
        }
        match scope::reach(cx, own).await {
            Ok(Reach::Open(server)) => Some(Self { client, server, kind, flavor }),
            _ => None,
        }
    }
}

/// The rules for a planned component; none where they cannot be asked for.
pub(super) async fn rules_for(cx: &Cx<Client>, plan: &Plan<StackComponent>) -> Option<Rules> {
    let Place { client, server, kind, flavor } = Place::of(cx, plan).await?;
    rules(client, &server, &kind, &flavor).await.ok()?
}

/// Looks at a component that is made, or whose flavor, settings or connector change.
pub(super) async fn check(cx: &Cx<Client>, plan: &mut Plan<StackComponent>) {
    let is_new =
        plan.is_create() || plan.changes(StackComponent::FLAVOR) || plan.changes(StackComponent::TYPE);
    let changes_settings =
        is_new || plan.changes(StackComponent::CONFIGURATION) || plan.changes(StackComponent::SETTINGS);
    let changes_link = is_new || plan.changes(StackComponent::CONNECTOR_ID);
    if !(changes_settings || changes_link) {
        return;
    }
    let Some(Place { client, server, kind, flavor }) = Place::of(cx, plan).await else { return };
    if is_new && let Some(refused) = kind::refused(&server, &kind).await {
        plan.error(refused.at(StackComponent::TYPE));
        return;
    }
    let Ok(rules) = rules(client, &server, &kind, &flavor).await else { return };
    let Some(rules) = rules else {
        if is_new
            && !flavor::is_planned(client, &kind, &flavor)
            && let Some(available) = available(&server, &kind).await
        {
            plan.error(no_flavor(&kind, &flavor, Some(&available)));
        }
        return;
    };
    if changes_settings && let Some(given) = Given::of(plan) {
        let prior = plan.prior().filter(|_| !is_new);
        let earlier = prior.map(|prior| prior.sent().into_keys().collect()).unwrap_or_default();
        for complaint in rules.complaints(&flavor, &given, &earlier) {
            plan.error(complaint);
        }
    }
    let linked = plan.get(StackComponent::CONNECTOR_ID).known().and_then(|id| id.0);
    if let (true, Some(connector), Some(wanted)) = (changes_link, linked, rules.connector_type)
        && let Some(found) = connector_type(client, &server, connector).await
        && found != wanted
    {
        plan.warn(
            Diag::warning(format!("The flavor {flavor:?} does not take connectors of the type {found:?}"))
                .why(format!(
                    "It takes connectors of the type {wanted:?}. The server accepts the connector, but runs \
                     with it fail."
                ))
                .fix("Choose another connector.")
                .at(StackComponent::CONNECTOR_ID),
        );
    }
}

/// The rules of a flavor, asked once in a run; none if the server does not have it.
async fn rules(client: &Client, server: &Server, kind: &str, name: &str) -> Result<Option<Rules>, ApiError> {
    let key = (server.workspace_id, kind.to_owned(), name.to_owned());
    let ask = async {
        let query = FlavorQuery {
            name: text::exactly(name),
            kind: vec![kind.to_owned()],
            hydrate: Some(true),
            ..FlavorQuery::default()
        };
        let listed = server.api.list_all(&api::LIST, (), query).await?;
        // A filter that a server does not know is ignored by it.
        let is_wanted = |flavor: &&Flavor| {
            flavor.name == name && flavor.body.as_ref().is_some_and(|body| body.kind == kind)
        };
        Ok(listed.iter().find(is_wanted).map(Rules::of))
    };
    let flavors = client.memory::<Flavors>();
    let found = flavors.rules.get(&key, ask).await?;
    if found.is_none() {
        // It may be made before the next one asks.
        flavors.rules.forget(&key);
    }
    Ok((*found).clone())
}

/// The names of the flavors of a type; none where the server does not tell, or does not know the type either.
async fn available(server: &Server, kind: &str) -> Option<String> {
    let query = FlavorQuery { kind: vec![kind.to_owned()], ..FlavorQuery::default() };
    let listed = server.api.list_all(&api::LIST, (), query).await.ok()?;
    let mut names: Vec<String> = listed
        .into_iter()
        .filter(|flavor| flavor.body.as_ref().is_some_and(|body| body.kind == kind))
        .map(|flavor| flavor.name)
        .collect();
    names.sort();
    (ALL_TYPES.contains(&kind) && !names.is_empty()).then(|| names.join(", "))
}

/// The type of a connector, asked once in a run; none if it cannot be told.
async fn connector_type(client: &Client, server: &Server, id: ConnectorId) -> Option<String> {
    let ask = async {
        let query = SecretsQuery { expand_secrets: Some(false) };
        let found = server.api.send(&connector::GET, id, query, ()).await?;
        Ok::<_, ApiError>(found.body.map(|body| body.connector_type.name().to_owned()))
    };
    let found = client.memory::<Flavors>().connector_types.get(&(server.workspace_id, id), ask).await.ok()?;
    (*found).clone()
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    pub(in super::super) fn rules(is_custom: bool, schema: &Json) -> Rules {
        let flavor = json!({
            "id": "00000000-0000-4000-8000-000000000001", "name": "f", "permission_denied": false,
            "body": { "created": "2026-01-01T00:00:00", "updated": "2026-01-01T00:00:00", "type": "orchestrator",
                "source": "a.B", "is_custom": is_custom },
            "metadata": { "config_schema": schema, "connector_type": "aws" },
        });
        Rules::of(&serde_json::from_value(flavor).unwrap())
    }

    fn said(rules: &Rules, given: &[&str], earlier: &[&str]) -> Vec<String> {
        let place = StackComponent::CONFIGURATION.path();
        let names = given.iter().map(|name| ((*name).to_owned(), place.clone().key(*name))).collect();
        let earlier = earlier.iter().map(|name| (*name).to_owned()).collect();
        let complaints = rules.complaints("f", &Given { place, names }, &earlier);
        complaints.into_iter().map(|diag| diag.summary).collect()
    }

    #[test]
    fn only_what_the_server_surely_refuses_is_said() {
        let schema = json!({
            "properties": {
                "path": { "type": "string" }, "size": { "type": "integer" },
                "old_path": { "type": "string", "description": "DEPRECATED: use `path`." },
            },
            "required": ["path"], "additionalProperties": true,
        });
        let built_in = rules(false, &schema);
        let unknown = "The flavor \"f\" has no setting \"sise\"";
        let missing = "The flavor \"f\" requires the setting \"path\"";
        let cases: [(&[&str], &[&str], &[&str]); 6] = [
            (&["path", "size"], &[], &[]),
            (&["path", "sise"], &[], &[unknown]),
            (&["sise"], &[], &[unknown, missing]),
            (&[], &[], &[missing]),
            (&["path", "sise"], &["sise"], &[]),
            (&["old_path"], &[], &[]),
        ];
        for (given, earlier, expected) in cases {
            assert_eq!(said(&built_in, given, earlier), expected, "{given:?}");
        }
        // Flavors of users are not checked by the server, nor are those without a description of their settings.
        for free in
            [rules(true, &schema), rules(false, &json!({ "type": "object" })), rules(false, &json!(null))]
        {
            assert_eq!(said(&free, &["anything"], &[]), Vec::<String>::new());
        }
    }
}
