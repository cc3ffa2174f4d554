//! Checks a component against the server's flavors while planning.
//!
//! Only changes are checked, and only what the server is certain to reject is an error. What cannot be checked yet,
//! because the workspace does not exist or is not available, is left to the apply.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use tfkit::{Cx, Diag, Dyn, Maybe, Partial, Path, Plan, Step};
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

/// The workspace of a flavor, its type and its name.
type FlavorKey = (Option<WorkspaceId>, String, String);

/// Flavors and connector types that this run has read.
#[derive(Debug, Default)]
struct Flavors {
    rules: Cache<FlavorKey, Option<Rules>>,
    connector_types: Cache<(Option<WorkspaceId>, ConnectorId), Option<String>>,
}

/// The rules of a flavor for its components.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rules {
    /// Names of the known settings; `None` if the server does not check them.
    pub(super) known: Option<BTreeSet<String>>,
    required: Vec<String>,
    /// Deprecated names of settings. The server uses their values for other settings, possibly required ones.
    pub(super) deprecated: BTreeSet<String>,
    /// Names of settings that the flavor marks as secrets.
    sensitive: BTreeSet<String>,
    /// Defaults of the settings, if their descriptions contain them.
    pub(super) defaults: BTreeMap<String, Default>,
    connector_type: Option<String>,
}

/// Words in names of settings that may be secrets, whatever the flavor says.
const SECRET_WORDS: [&str; 5] = ["password", "token", "secret", "credential", "api_key"];

/// A default in a description: a value, or a sentence.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Default {
    /// The value; null if there is none.
    pub(super) value: Json,
    /// The words from "default" on, in lower case.
    pub(super) words: String,
}

impl Default {
    fn of(property: &Json) -> Self {
        let description = property["description"].as_str().unwrap_or_default().to_lowercase();
        let words =
            description.find("default").map(|place| description[place..].to_owned()).unwrap_or_default();
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
        let secret =
            |(name, property): (&String, &Json)| (property["sensitive"] == true).then(|| name.clone());
        let required = schema.and_then(|schema| schema["required"].as_array()).into_iter().flatten();
        Self {
            known: properties.map(|properties| properties.keys().cloned().collect()),
            required: required.filter_map(|name| name.as_str().map(str::to_owned)).collect(),
            deprecated: properties.into_iter().flatten().filter_map(old).collect(),
            sensitive: properties.into_iter().flatten().filter_map(secret).collect(),
            defaults: properties
                .into_iter()
                .flatten()
                .map(|(name, property)| (name.clone(), Default::of(property)))
                .filter(|(_, default)| !default.value.is_null() || !default.words.is_empty())
                .collect(),
            connector_type: flavor.metadata.as_ref().and_then(|metadata| metadata.connector_type.clone()),
        }
    }

    /// Returns whether a setting is certainly not a secret: a reference to one, or a known setting that neither the
    /// flavor nor its name marks as a secret, without a password in a URL.
    fn is_open(&self, name: &str, value: &str) -> bool {
        let is_reference = value.starts_with("{{") && value.ends_with("}}");
        let is_known = self.known.as_ref().is_some_and(|known| known.contains(name));
        let is_named_so = SECRET_WORDS.iter().any(|word| name.to_lowercase().contains(word));
        let is_url_with_password = value.split_once("://").is_some_and(|(_, rest)| rest.contains('@'));
        is_reference || is_known && !self.sensitive.contains(name) && !is_named_so && !is_url_with_password
    }

    /// Returns errors about the names of settings. `earlier` are the settings that the component already has: a
    /// server accepts them even if a newer release no longer knows them.
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

/// The settings of a plan.
struct Given {
    /// The attribute that contains them.
    place: Path,
    /// Names with their attributes. Null settings are not sent.
    names: BTreeMap<String, Path>,
}

impl Given {
    /// Returns the settings of a plan; `None` while their names are unknown.
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

/// The server and the type to look up a flavor in.
struct Place<'a> {
    client: &'a Client,
    server: Server,
    kind: String,
    flavor: String,
}

impl<'a> Place<'a> {
    /// Returns `None` while any part is unknown, or if the server is not available.
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

/// Returns the rules for a planned component; `None` if they cannot be read.
pub(super) async fn rules_for(cx: &Cx<Client>, plan: &Plan<StackComponent>) -> Option<Rules> {
    let Place { client, server, kind, flavor } = Place::of(cx, plan).await?;
    rules(client, &server, &kind, &flavor).await.ok()?
}

/// Checks a component that is created, or whose flavor, settings or connector change.
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

/// Returns the rules of a flavor, read once in a run; `None` if the server does not have the flavor.
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
        // Servers ignore unknown filters.
        let is_wanted = |flavor: &&Flavor| {
            flavor.name == name && flavor.body.as_ref().is_some_and(|body| body.kind == kind)
        };
        Ok(listed.iter().find(is_wanted).map(Rules::of))
    };
    let flavors = client.memory::<Flavors>();
    let found = flavors.rules.get(&key, ask).await?;
    if found.is_none() {
        // The flavor may be created before the next check.
        flavors.rules.forget(&key);
    }
    Ok((*found).clone())
}

/// Returns whether the settings of a component certainly contain no secret. If the flavor cannot be read, they may.
pub(super) async fn is_open(cx: &Cx<Client>, component: &Partial<StackComponent>) -> bool {
    let text = |value: Maybe<String>| value.known().unwrap_or_default();
    let kind = text(component.get(StackComponent::TYPE));
    let flavor = text(component.get(StackComponent::FLAVOR));
    let settings = component.get(StackComponent::CONFIGURATION).known();
    let own = component.get(StackComponent::WORKSPACE_ID).known().map(|id| id.0);
    let (Some(settings), Ok(client)) = (settings, cx.client().await) else { return false };
    let Ok(Reach::Open(server)) = scope::reach(cx, own).await else { return false };
    let Ok(Some(rules)) = rules(client, &server, &kind, &flavor).await else { return false };
    let is_open = |(name, value): (&String, &Option<String>)| {
        value.as_ref().is_none_or(|value| rules.is_open(name, value))
    };
    settings.expose().iter().all(is_open)
}

/// Returns the names of the flavors of a type; `None` if the list fails, or if the server does not know the type.
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

/// Returns the type of a connector, read once in a run; `None` if it cannot be read.
async fn connector_type(client: &Client, server: &Server, id: ConnectorId) -> Option<String> {
    let ask = async {
        let query = SecretsQuery { expand_secrets: Some(false), ..SecretsQuery::default() };
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

    fn errors(rules: &Rules, given: &[&str], earlier: &[&str]) -> Vec<String> {
        let place = StackComponent::CONFIGURATION.path();
        let names = given.iter().map(|name| ((*name).to_owned(), place.clone().key(*name))).collect();
        let earlier = earlier.iter().map(|name| (*name).to_owned()).collect();
        let complaints = rules.complaints("f", &Given { place, names }, &earlier);
        complaints.into_iter().map(|diag| diag.summary).collect()
    }

    #[test]
    fn a_setting_is_open_only_if_it_is_certainly_no_secret() {
        let schema = json!({
            "properties": {
                "path": { "type": "string" }, "key": { "type": "string", "sensitive": true },
                "slack_token": { "type": "string" },
            },
        });
        for (name, value, expected) in [
            ("path", "s3://bucket", true),
            ("path", "https://user:password@example.com", false),
            ("key", "hunter2", false),
            ("key", "{{login.key}}", true),
            ("slack_token", "hunter2", false),
            ("other", "hunter2", false),
        ] {
            assert_eq!(rules(false, &schema).is_open(name, value), expected, "{name} = {value}");
        }
        assert!(!rules(true, &schema).is_open("path", "s3://bucket"), "a custom flavor marks nothing");
    }

    #[test]
    fn only_what_the_server_is_certain_to_reject_is_an_error() {
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
            assert_eq!(errors(&built_in, given, earlier), expected, "{given:?}");
        }
        // The server does not check custom flavors, nor flavors without a schema.
        for free in
            [rules(true, &schema), rules(false, &json!({ "type": "object" })), rules(false, &json!(null))]
        {
            assert_eq!(errors(&free, &["anything"], &[]), Vec::<String>::new());
        }
    }
}
