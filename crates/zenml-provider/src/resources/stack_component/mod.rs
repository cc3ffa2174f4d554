//! `zenml_stack_component`: one part of a stack, such as an orchestrator or an artifact store.

mod data;
mod delete;
mod plural;
mod refusal;
mod settings;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use tfkit::{
    Computed, Cx, Diag, ImportId, Imported, Model, OrServer, Page, Partial, Plan, Resource, Secret, Since,
};
use zenml_api::workspace::JsonMap;
use zenml_api::workspace::component::{
    self as api, ALL_TYPES, Component, ComponentCreate, ComponentQuery, ComponentUpdate,
};
use zenml_api::{ComponentId, ConnectorId, IdOrName, Patch, Sensitive, WorkspaceId};
use zenml_client::{ApiError, Optional as _};

pub use self::data::StackComponentData;
pub use self::plural::StackComponentsData;
use self::settings::{Settings, same_settings};
use crate::batch;
use crate::client::Client;
use crate::failure::{Needs, cannot};
use crate::id::Id;
use crate::object::{self, Noun};
use crate::scope::{self, Reach, Seen, Server};

/// How messages call it.
const NOUN: Noun = Noun { words: "stack component", resource: "zenml_stack_component" };

/// Components on one page of a list: about 1.4 KiB each.
const LONGEST_PAGE: u64 = 400;

/// Name beside the state of the settings that the server did not keep.
const DROPPED: &str = "dropped";

/// A part of a stack: an orchestrator, an artifact store, a container registry and so on, of one flavor.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "stack_component")]
pub struct StackComponent {
    /// Workspace that the component is in. Default: the provider's workspace.
    #[attr(key = optional, replace)]
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// Identifier of the component.
    #[attr(key, stable)]
    pub id: Computed<Id<ComponentId>>,
    /// Name of the component, unique among the components of its type.
    #[attr(check = length(1..=255), check = pattern("have no tab and no line break", object::is_one_line))]
    pub name: String,
    /// Type of the component, such as `orchestrator` or `artifact_store`. Another type is another component.
    #[attr(name = "type", replace, check = non_empty())]
    pub kind: String,
    /// Flavor of the component, such as `s3` or `kubernetes`. Another flavor is another component.
    #[attr(replace, check = length(1..=255))]
    pub flavor: String,
    /// Settings, as the flavor has them. Each value is a text; lists and objects are written with `jsonencode`. The server
    /// never masks them: refer to a secret with `{{NAME.KEY}}` instead of writing a password here.
    #[attr(same = same_settings)]
    pub configuration: Option<Secret<Settings>>,
    /// Service connector through which the component gets its credentials.
    pub connector_id: Option<Id<ConnectorId>>,
    /// Resource of the connector that is used, such as `s3://bucket`. Needs `connector_id`.
    #[attr(same = empty_is_null)]
    pub connector_resource_id: Option<String>,
    /// Labels.
    #[attr(same = empty_is_null)]
    pub labels: Option<BTreeMap<String, String>>,
    /// When the component was made.
    #[attr(stable)]
    pub created: Computed<String>,
    /// When the component was last changed.
    pub updated: Computed<String>,
}

/// A component as its server has it.
#[derive(Clone, Debug)]
pub struct Remote {
    workspace: Option<WorkspaceId>,
    component: Component,
    /// Settings that the server did not keep when they were last written; none if this provider never wrote them.
    dropped: Option<BTreeSet<String>>,
}

impl StackComponent {
    /// What is sent of the settings: texts, without what is null.
    fn sent(&self) -> Sensitive<JsonMap> {
        let settings = self.configuration.as_ref().map(Secret::expose).into_iter().flatten();
        let set = settings.filter_map(|(key, text)| Some((key.clone(), Json::String(text.clone()?))));
        Sensitive::new(set.collect())
    }

    fn connector(&self) -> (Option<ConnectorId>, Option<String>) {
        let resource = self.connector_resource_id.clone().filter(|resource| !resource.is_empty());
        (self.connector_id.map(|id| id.0), resource)
    }

    fn failed(&self, verb: &str, error: &ApiError) -> Diag {
        refusal::explain(self, verb, error)
    }
}

impl Resource for StackComponent {
    type Client = Client;
    type Remote = Seen<Remote>;

    async fn fetch(cx: &Cx<Client>, key: &StackComponentKey) -> Result<Option<Seen<Remote>>, Diag> {
        let server = match scope::reach(cx, key.workspace_id.map(|id| id.0)).await? {
            Reach::Open(server) => server,
            Reach::Closed => return Ok(Some(Seen::Unseen)),
            Reach::Gone => return Ok(None),
        };
        let found = server.api.call(&api::GET, key.id.0).await.optional();
        let found = found.map_err(|error| {
            cannot(format_args!("read the stack component {}", key.id), Needs::WORKSPACE_VIEWER, &error)
        })?;
        let workspace = server.workspace_id;
        Ok(found.map(|component| Seen::Found(Remote { workspace, component, dropped: dropped(cx) })))
    }

    fn scope(key: &StackComponentKey) -> Option<String> {
        Some(batch::scope_of(key.workspace_id))
    }

    async fn page(
        cx: &Cx<Client>,
        scope: &str,
        from: Option<u64>,
    ) -> Result<Page<(StackComponentKey, Seen<Remote>)>, Diag> {
        let query = ComponentQuery { hydrate: Some(true), ..ComponentQuery::default() };
        batch::page(
            cx,
            scope,
            from,
            LONGEST_PAGE,
            (&api::LIST, query),
            |workspace_id, workspace, component| {
                let key = StackComponentKey { workspace_id, id: Id(component.id) };
                (key, Seen::Found(Remote { workspace, component, dropped: None }))
            },
        )
        .await
    }

    async fn complete(cx: &Cx<Client>, item: Seen<Remote>) -> Result<Seen<Remote>, Diag> {
        let Seen::Found(remote) = item else { return Ok(item) };
        scope::reached(cx, remote.workspace).await?;
        Ok(Seen::Found(Remote { dropped: dropped(cx), ..remote }))
    }

    fn observe(remote: &Seen<Remote>, since: Since<'_, Self>) -> Result<Self, Diag> {
        let Remote { workspace, component, dropped } = match remote.found(&since)? {
            Ok(remote) => remote,
            Err(unseen) => return Ok(unseen),
        };
        let (Some(body), Some(metadata)) = (&component.body, &component.metadata) else {
            return Err(NOUN.unreadable(&component.name));
        };
        let stored = metadata.configuration.expose();
        let updated = body.updated.to_string();
        let configuration = match since {
            Since::Import(_) => settings::imported(stored),
            // The answer is what the server made of the texts, and a plan must not change.
            Since::Answer(plan) => plan.configuration.clone(),
            // Nobody has changed the component since, so what is stored is what the server made of these texts.
            Since::State(state) if state.updated.as_ref() == Some(&updated) => state.configuration.clone(),
            Since::State(state) => {
                let known = state.configuration.as_ref();
                known.map(|known| settings::refreshed(known, stored, dropped.as_ref()))
            }
        };
        let labels = metadata.labels.as_ref().filter(|labels| !labels.is_empty());
        Ok(Self {
            workspace_id: OrServer::from_option(workspace.map(Id)),
            id: Computed::known(Id(component.id)),
            name: component.name.clone(),
            kind: body.kind.clone(),
            flavor: body.flavor_name.clone(),
            configuration,
            connector_id: metadata.connector.as_ref().map(|connector| Id(connector.id)),
            connector_resource_id: metadata.connector_resource_id.clone().filter(|id| !id.is_empty()),
            labels: labels.map(object::label_texts),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(updated),
        })
    }

    async fn create(cx: &Cx<Client>, plan: Self) -> Result<Self, Diag> {
        let server = scope::open(cx, plan.workspace_id.as_ref().map(|id| id.0)).await?;
        let component = make(&server, &plan).await?;
        settle(cx, &server, component, &plan)
    }

    async fn update(cx: &Cx<Client>, prior: Self, plan: Self) -> Result<Self, Diag> {
        let id = prior.id.get()?.0;
        let server = scope::open(cx, prior.workspace_id.as_ref().map(|id| id.0)).await?;
        let (connector, connector_resource_id) = plan.connector();
        let labels = |labels: &Option<BTreeMap<String, String>>| labels.as_ref().map(object::labels);
        let change = ComponentUpdate {
            name: (plan.name != prior.name).then(|| plan.name.clone()),
            configuration: (plan.configuration != prior.configuration).then(|| plan.sent()),
            labels: Patch::between(labels(&prior.labels).as_ref(), labels(&plan.labels)),
            connector,
            connector_resource_id,
            ..ComponentUpdate::default()
        };
        match server.api.send(&api::UPDATE, id, (), change).await {
            Ok(component) => settle(cx, &server, component, &plan),
            Err(error @ ApiError::Conflict(_)) => match named(&server, &plan.kind, &plan.name).await? {
                Some(other) => Err(NOUN.exists(&plan.name, server.workspace_id, Some(other.id), Self::NAME)),
                None => Err(plan.failed("change", &error)),
            },
            Err(error) => Err(plan.failed("change", &error)),
        }
    }

    async fn delete(cx: &Cx<Client>, prior: Self) -> Result<(), Diag> {
        let Some(server) = scope::open_to_delete(cx, prior.workspace_id.as_ref().map(|id| id.0)).await?
        else {
            return Ok(());
        };
        delete::delete(cx, &server, &prior).await
    }

    fn validate(config: &Partial<Self>) -> Vec<Diag> {
        let mut found = Vec::new();
        if let Some(kind) = config.get(Self::TYPE).known()
            && !ALL_TYPES.contains(&kind.as_str())
        {
            found.push(
                Diag::warning(format!("The type {kind:?} of stack components is not known"))
                    .why(format!("This version of the provider knows: {}.", ALL_TYPES.join(", ")))
                    .fix("Check the spelling. If the server is newer and has the type, this warning can be ignored.")
                    .at(Self::TYPE),
            );
        }
        let resource = config.get(Self::CONNECTOR_RESOURCE_ID).known().unwrap_or_default();
        if !resource.is_empty() && config.get(Self::CONNECTOR_ID).is_null() {
            found.push(
                Diag::error("A resource of a connector is given without the connector")
                    .why("connector_resource_id says which resource of a service connector is used, and connector_id is not set.")
                    .fix("Set connector_id, or leave connector_resource_id out.")
                    .at(Self::CONNECTOR_ID),
            );
        }
        found
    }

    async fn plan(cx: &Cx<Client>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        if plan.is_create()
            && plan.config().get(Self::WORKSPACE_ID).is_null()
            && let Some(default) = cx.client().await?.default_workspace().await?
        {
            plan.set(Self::WORKSPACE_ID, &Id(default));
        }
        Ok(())
    }

    async fn import(cx: &Cx<Client>, id: ImportId<'_, StackComponentKey>) -> Result<Imported<Self>, Diag> {
        let text = match id {
            ImportId::Key(key) => return Ok(Imported::Key(key)),
            ImportId::Text(text) => text,
        };
        let client = cx.client().await?;
        // A type can stand at the beginning, where otherwise a workspace stands.
        let is_typed = text.split_once('/').is_some_and(|(first, _)| ALL_TYPES.contains(&first));
        let (workspace, wanted) = if is_typed {
            (None, IdOrName::Name(text.to_owned()))
        } else {
            let named = object::named(client, text).await?;
            (named.workspace, named.object)
        };
        let id = match wanted {
            IdOrName::Id(id) => id,
            IdOrName::Name(name) => {
                let (kind, name) = name.split_once('/').ok_or_else(|| unreadable_import(text))?;
                let server = scope::open(cx, workspace).await?;
                let found = named(&server, kind, name).await?;
                found.ok_or_else(|| nothing_to_import(kind, name))?.id
            }
        };
        Ok(Imported::Key(StackComponentKey { workspace_id: workspace.map(Id), id: Id(id) }))
    }
}

/// The settings that the server did not keep, as they were remembered beside the state.
fn dropped(cx: &Cx<Client>) -> Option<BTreeSet<String>> {
    cx.private(DROPPED).and_then(|names| serde_json::from_value(names).ok())
}

/// Makes the component. One that has the name already is never taken over, except after a lost answer, when it was not
/// there before.
async fn make(server: &Server, plan: &StackComponent) -> Result<Component, Diag> {
    let exists = |existing: &Component| {
        NOUN.exists(&plan.name, server.workspace_id, Some(existing.id), StackComponent::NAME)
    };
    if let Some(existing) = named(server, &plan.kind, &plan.name).await? {
        return Err(exists(&existing));
    }
    let (connector, connector_resource_id) = plan.connector();
    let request = ComponentCreate {
        name: plan.name.clone(),
        kind: plan.kind.clone(),
        flavor: plan.flavor.clone(),
        configuration: plan.sent(),
        labels: plan.labels.as_ref().map(object::labels),
        connector,
        connector_resource_id,
        ..ComponentCreate::default()
    };
    match server.api.send(&api::CREATE, (), (), request).await {
        Ok(component) => Ok(component),
        Err(error @ ApiError::Conflict(_)) => match named(server, &plan.kind, &plan.name).await? {
            Some(existing) => Err(exists(&existing)),
            None => Err(NOUN
                .exists(&plan.name, server.workspace_id, None::<&str>, StackComponent::NAME)
                .trace(error.call().map(ToString::to_string).unwrap_or_default())),
        },
        Err(error) if error.outcome_unknown() => {
            named(server, &plan.kind, &plan.name).await?.ok_or_else(|| plan.failed("create", &error))
        }
        Err(error) => Err(plan.failed("create", &error)),
    }
}

/// What a component is after it was written. Settings that the server did not keep are named once, and remembered, so
/// that a read can tell them from settings that somebody removed.
fn settle(
    cx: &Cx<Client>,
    server: &Server,
    component: Component,
    plan: &StackComponent,
) -> Result<StackComponent, Diag> {
    let stored = component.metadata.as_ref().map(|metadata| metadata.configuration.expose());
    let kept = |key: &String| stored.is_none_or(|stored| stored.contains_key(key));
    let sent = plan.sent();
    let dropped: BTreeSet<String> = sent.expose().keys().filter(|key| !kept(key)).cloned().collect();
    let remembered = Json::Array(dropped.iter().cloned().map(Json::String).collect());
    let remote = Remote { workspace: server.workspace_id, component, dropped: Some(dropped.clone()) };
    let made = StackComponent::observe(&Seen::Found(remote), Since::Answer(plan))?;
    cx.save(&made);
    cx.set_private(DROPPED, remembered)?;
    if !dropped.is_empty() {
        let names: Vec<&str> = dropped.iter().map(String::as_str).collect();
        cx.warn(
            Diag::warning(format!("The server did not keep all settings of {:?}", plan.name))
                .why(format!(
                    "Without effect for the flavor {:?}: {}. They stay in the state.",
                    plan.flavor,
                    names.join(", ")
                ))
                .fix("Check their spelling, or take them out of the configuration.")
                .at(StackComponent::CONFIGURATION),
        );
    }
    Ok(made)
}

/// The component of a type and a name, with all that is known of it.
async fn named(server: &Server, kind: &str, name: &str) -> Result<Option<Component>, Diag> {
    let query = ComponentQuery {
        name: vec![format!("equals:{name}")],
        kind: vec![kind.to_owned()],
        hydrate: Some(true),
        ..ComponentQuery::default()
    };
    let listed = server.api.list_all(&api::LIST, (), query).await.map_err(|error| {
        cannot(format_args!("look for the stack component {name:?}"), Needs::WORKSPACE_VIEWER, &error)
    })?;
    // A filter that a server does not know is ignored by it.
    let is_wanted = |component: &Component| {
        component.name == name && component.body.as_ref().is_some_and(|body| body.kind == kind)
    };
    Ok(listed.into_iter().find(is_wanted))
}

fn unreadable_import(text: &str) -> Diag {
    Diag::error(format!("The import id {text:?} cannot be read"))
        .why("An import id of this type has the form ID, TYPE/NAME, WORKSPACE/ID or WORKSPACE/TYPE/NAME.")
        .fix("A name alone does not tell which component is meant: components of other types can have it, too.")
}

fn nothing_to_import(kind: &str, name: &str) -> Diag {
    Diag::error(format!("There is no {kind} {name:?}"))
        .why("The server does not have it, or does not show it to this credential.")
        .fix("Correct the type or the name, or say in which workspace it is: WORKSPACE/TYPE/NAME.")
}
