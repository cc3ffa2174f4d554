//! `zenml_stack_component`: a part of a stack, such as an orchestrator or an artifact store.

mod data;
mod delete;
mod flavor;
mod held;
pub(crate) mod kind;
mod plural;
mod refusal;
mod settings;
mod stored;
mod typed;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use tfkit::check::uuid;
use tfkit::model::settled;
use tfkit::{Computed, Current, Cx, Diag, Dyn, Maybe, Model, OrServer, Partial, Path, Plan, Secret, Since};
use zenml_api::workspace::JsonMap;
use zenml_api::workspace::component::{Component, ComponentCreate, ComponentQuery, ComponentUpdate};
use zenml_api::workspace::connector::Connector;
use zenml_api::{ComponentId, ConnectorId, SecretId, Sensitive, WorkspaceId};
use zenml_client::ApiError;

pub use self::data::StackComponentData;
pub(crate) use self::held::{HeldComponents, linked_as};
pub use self::plural::StackComponentsData;
use self::settings::{Settings, same_settings};
use self::typed::{TypedSettings, same_typed_settings};
use crate::client::Client;
use crate::failure::Needs;
use crate::id::{Id, IdOrEmpty};
use crate::in_workspace::scope::{self, Server};
use crate::in_workspace::write::{home_of, save_created};
use crate::in_workspace::{Filter, Found, InWorkspace, Noun, Objects, Place, filter, import, left_out, text};
use crate::resources::service_connector::HeldConnectors;
use crate::run_environment::{self as run, Variables};
use crate::succession::{self, note_successor, release_retired, succeed, unfinished};

/// Key in the private state for the settings that the server ignored.
const DROPPED: &str = "dropped";

/// A component of a stack, such as an orchestrator, an artifact store or a container registry.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "stack_component", key = Place<ComponentId>)]
#[model(since = "1.0.0", needs = Needs::WORKSPACE_ADMIN.text())]
#[model(import = "TYPE/NAME")]
pub struct StackComponent {
    /// ID of the workspace that contains the component. Default: the provider's workspace. Null on an open-source
    /// server.
    #[attr(key = optional, replace)]
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// ID of the component.
    #[attr(key, stable)]
    pub id: Computed<Id<ComponentId>>,
    /// Name of the component, unique among the components of its type.
    #[attr(check = length(1..=255), check = pattern("not contain tabs or line breaks", text::is_one_line))]
    pub name: String,
    /// Type of the component.
    #[attr(name = "type", replace, check = kind::possible())]
    pub kind: String,
    /// Flavor of the component, such as `s3` or `kubernetes`.
    #[attr(replace, check = length(1..=255))]
    pub flavor: String,
    /// Settings of the component. All values are strings; encode lists and objects with `jsonencode`. Null values are
    /// not sent. The server never masks settings: refer to a secret with `{{NAME.KEY}}` instead of writing a password
    /// here. Conflicts with `settings`.
    #[attr(same = same_settings)]
    pub configuration: OrServer<Secret<Settings>>,
    /// Settings of the component with their types, as an object of numbers, booleans, strings, lists and objects. Null
    /// values are not sent. Plans show them: refer to a secret with `{{NAME.KEY}}`. Conflicts with `configuration`,
    /// which is the one that an import fills.
    // Not sensitive: Terraform 1.11 stores the marks of two sensitive attributes in a random order, and then shows a
    // change after a refresh without one. `configuration` is already sensitive.
    #[attr(same = same_typed_settings)]
    pub settings: Option<TypedSettings>,
    /// ID of the service connector through which the component gets its credentials. An empty string means none.
    #[attr(same = empty_is_null)]
    pub connector_id: Option<IdOrEmpty<ConnectorId>>,
    /// Resource of the connector that the component uses, such as `s3://bucket`. Requires `connector_id`.
    #[attr(same = empty_is_null)]
    pub connector_resource_id: Option<String>,
    /// Environment variables of the runs that use the component. Omit the argument to leave them unchanged; `{}`
    /// removes them.
    #[attr(stable, same = empty_is_null)]
    pub environment: OrServer<Variables>,
    /// IDs of the secrets whose values the runs that use the component receive as environment variables. Omit the
    /// argument to leave them unchanged; `[]` removes them.
    #[attr(stable, same = empty_is_null)]
    pub secrets: OrServer<BTreeSet<Id<SecretId>>>,
    /// Labels.
    #[attr(same = empty_is_null)]
    pub labels: OrServer<BTreeMap<String, String>>,
    /// When the component was created.
    #[attr(stable)]
    pub created: Computed<String>,
    /// When the component was last updated.
    pub updated: Computed<String>,
}

/// Settings that the server ignored when they were last written; `None` if this provider never wrote them.
#[derive(Clone, Debug, Default)]
pub struct Dropped(Option<BTreeSet<String>>);

impl StackComponent {
    /// Returns the settings for a request, without null values: as strings, or with their types.
    fn sent(&self) -> JsonMap {
        if let Some(settings) = &self.settings {
            return settings.sent();
        }
        let settings = self.configuration.as_ref().map(Secret::expose).into_iter().flatten();
        settings.filter_map(|(key, text)| Some((key.clone(), Json::String(text.clone()?)))).collect()
    }

    fn connector(&self) -> (Option<ConnectorId>, Option<String>) {
        let resource = self.connector_resource_id.clone().filter(|resource| !resource.is_empty());
        (self.connector_id.and_then(|id| id.0), resource)
    }

    /// Returns the attribute that contains the settings.
    fn settings_place(&self) -> Path {
        if self.settings.is_some() { Self::SETTINGS.path() } else { Self::CONFIGURATION.path() }
    }

    /// Returns the path of one setting.
    fn setting_place(&self, key: &str) -> Path {
        let place = self.settings_place();
        if self.settings.is_some() { place.attr(key) } else { place.key(key) }
    }
}

impl InWorkspace for StackComponent {
    type Wire = Component;
    type Beside = Dropped;
    const NOUN: Noun = Noun { words: "stack component", resource: "zenml_stack_component" };
    const FILTERS: &'static [Filter<ComponentQuery, Component>] = &[
        Filter {
            name: "type",
            description: "List only components of this type, such as `orchestrator`.",
            check: Some(kind::possible),
            narrow: |query, kind| ComponentQuery { kind: vec![kind.to_owned()], ..query },
            keeps: |component, kind| filter::is(Self::kind_of(component), kind),
        },
        Filter {
            name: "flavor",
            description: "List only components of this flavor, such as `s3`.",
            check: None,
            narrow: |query, flavor| ComponentQuery { flavor: vec![flavor.to_owned()], ..query },
            keeps: |component, flavor| {
                filter::is(component.body.as_ref().map(|body| body.flavor_name.as_str()), flavor)
            },
        },
        Filter {
            name: "connector_id",
            description: "List only components that use the service connector with this ID.",
            check: Some(uuid),
            narrow: |query, id| ComponentQuery { connector_id: vec![id.to_owned()], ..query },
            keeps: |component, id| {
                let connector = component.metadata.as_ref().map(|metadata| metadata.connector.as_ref());
                let is_it = |connector: &Connector| connector.id.to_string() == id.to_lowercase();
                connector.is_none_or(|connector| connector.is_some_and(is_it))
            },
        },
    ];

    fn wanted(&self) -> Result<ComponentCreate, Diag> {
        let (connector, connector_resource_id) = self.connector();
        Ok(ComponentCreate {
            name: self.name.clone(),
            kind: self.kind.clone(),
            flavor: self.flavor.clone(),
            configuration: Sensitive::new(self.sent()),
            labels: self.labels.as_ref().map(text::labels),
            environment: self.environment.as_ref().cloned(),
            secrets: run::sent_secrets(self.secrets.as_ref()),
            connector,
            connector_resource_id,
        })
    }

    fn change(prior: &Self, plan: &Self) -> Result<Option<ComponentUpdate>, Diag> {
        Ok(write::change(prior, plan))
    }

    fn observe(found: &Found<'_, Self>, since: Since<'_, Self>) -> Result<Self, Diag> {
        let body = found.body(&found.object.body)?;
        let metadata = found.body(&found.object.metadata)?;
        let dropped = found.beside.0.as_ref();
        let stored = metadata.configuration.expose();
        let updated = body.updated.to_string();
        let (configuration, settings) = match since {
            Since::Import(_) => {
                (OrServer::from_option(settings::imported(&body.kind, &body.flavor_name, stored)), None)
            }
            // The response has the server's form of them, but the result must match the plan.
            Since::Answer(plan) => (plan.configuration.clone(), plan.settings.clone()),
            // The component has not changed since, so the stored settings are the server's form of these.
            Since::State(state) if state.updated.as_ref() == Some(&updated) => {
                (state.configuration.clone(), state.settings.clone())
            }
            Since::State(state) => {
                let texts = |known| match dropped {
                    Some(dropped) => settings::refreshed(known, stored, Some(dropped)),
                    None => settings::completed(known, &body.kind, &body.flavor_name, stored),
                };
                let values = |known: &TypedSettings| known.refreshed(stored, dropped);
                (
                    OrServer::from_option(state.configuration.as_ref().map(texts)),
                    state.settings.as_ref().map(values),
                )
            }
        };
        let labels = metadata.labels.as_ref().filter(|labels| !labels.is_empty());
        let environment = OrServer::from_option(run::variables(metadata.environment.as_ref()));
        let secrets = OrServer::from_option(run::secrets(&metadata.secrets));
        let (environment, secrets) = match since {
            // Somebody may have changed unmanaged attributes meanwhile; the next read shows that.
            Since::Answer(plan) => {
                (plan.environment.clone().or_prior(environment), plan.secrets.clone().or_prior(secrets))
            }
            Since::State(_) | Since::Import(_) => (environment, secrets),
        };
        Ok(Self {
            workspace_id: found.workspace_id(),
            id: found.id(),
            name: found.name(),
            kind: body.kind.clone(),
            flavor: body.flavor_name.clone(),
            configuration,
            settings,
            connector_id: metadata.connector.as_ref().map(|connector| IdOrEmpty(Some(connector.id))),
            connector_resource_id: metadata.connector_resource_id.clone().filter(|id| !id.is_empty()),
            environment,
            secrets,
            labels: OrServer::from_option(labels.map(text::label_texts)),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(updated),
        })
    }

    /// Settings without secrets are readable in an exported configuration.
    async fn disclosed(cx: &Cx<Client>, config: &Partial<Self>) -> Result<Vec<&'static str>, Diag> {
        let is_open = flavor::is_open(cx, config).await;
        Ok(is_open.then_some(Self::CONFIGURATION.name()).into_iter().collect())
    }

    async fn beside(cx: &Cx<Client>, _: &Server, component: &Component) -> Result<Dropped, Diag> {
        Self::beside_listed(cx, component)
    }

    fn beside_listed(cx: &Cx<Client>, _: &Component) -> Result<Dropped, Diag> {
        Ok(Dropped(dropped(cx)))
    }

    fn kind_of(component: &Component) -> Option<&str> {
        component.body.as_ref().map(|body| body.kind.as_str())
    }

    fn kind(&self) -> Option<&str> {
        Some(&self.kind)
    }

    fn of_kind(query: ComponentQuery, kind: &str) -> ComponentQuery {
        ComponentQuery { kind: vec![kind.to_owned()], ..query }
    }

    fn claims(values: &Partial<Self>) -> Vec<Maybe<String>> {
        vec![values.get(Self::TYPE)]
    }

    fn failed(&self, verb: &str, error: &ApiError) -> Diag {
        refusal::explain(self, verb, error)
    }

    async fn create(cx: &Cx<Client>, plan: Self) -> Result<Self, Diag> {
        let server = scope::open(cx, home_of(&plan)).await?;
        succession::forget_successor(cx);
        let (component, predecessor) = write::create(cx, &server, &plan).await?;
        let id = component.id;
        save_created(cx, &plan, id)?;
        let created = write::settle(cx, &server, &component, &plan)?;
        if let Some(predecessor) = predecessor {
            succeed::<HeldComponents>(cx, &server, predecessor, id).await;
        }
        Ok(created)
    }

    async fn update(cx: &Cx<Client>, current: Current<Objects<Self>>, plan: Self) -> Result<Self, Diag> {
        let prior = current.model;
        succession::forget_successor(cx);
        if let Some(predecessor) = unfinished(cx) {
            let server = scope::open(cx, home_of(&prior)).await?;
            succeed::<HeldComponents>(cx, &server, predecessor, prior.id.get()?.0).await;
        }
        // The same settings in the other form are not a change.
        let Some(change) = write::change(&prior, &plan) else { return settled(&plan, &prior) };
        let server = scope::open(cx, home_of(&prior)).await?;
        let component = write::update(&server, &prior, &plan, change).await?;
        let connector = component.metadata.as_ref().and_then(|metadata| metadata.connector.as_ref());
        let connector = connector.map(|connector| (connector.id, connector.name.clone()));
        let changed = write::settle(cx, &server, &component, &plan)?;
        let let_go = prior.connector().0.filter(|connector| plan.connector().0 != Some(*connector));
        let let_go = Vec::from_iter(let_go);
        release_retired::<HeldConnectors>(cx, &server, &let_go, &Vec::from_iter(connector)).await;
        run::release(cx, &server, prior.secrets.as_ref(), changed.secrets.as_ref()).await;
        Ok(changed)
    }

    async fn delete(cx: &Cx<Client>, prior: Self) -> Result<(), Diag> {
        let Some(server) = scope::open_to_delete(cx, home_of(&prior)).await? else { return Ok(()) };
        delete::delete(cx, &server, &prior).await
    }

    fn unfamiliar(arguments: &Dyn) -> Vec<Diag> {
        kind::unfamiliar_in(arguments)
    }

    fn validate(config: &Partial<Self>) -> Vec<Diag> {
        let mut found = Self::unfamiliar(config.object());
        if !config.dyn_of(Self::CONFIGURATION).is_null() && !config.dyn_of(Self::SETTINGS).is_null() {
            found.push(
                Diag::error("The settings of the component are specified twice")
                    .why(
                        "configuration and settings are two forms of the same argument: all strings, or \
                     typed values.",
                    )
                    .fix("Remove one of them.")
                    .at(Self::SETTINGS),
            );
        }
        let resource = config.get(Self::CONNECTOR_RESOURCE_ID).known().unwrap_or_default();
        let has_no_connector = match config.get(Self::CONNECTOR_ID) {
            Maybe::Null => true,
            Maybe::Known(id) => id.0.is_none(),
            Maybe::Unknown => false,
        };
        if !resource.is_empty() && has_no_connector {
            found.push(
                Diag::error("connector_resource_id requires connector_id")
                    .why(
                        "connector_resource_id selects a resource of a service connector, but connector_id \
                     is not set.",
                    )
                    .fix("Set connector_id, or remove connector_resource_id.")
                    .at(Self::CONNECTOR_ID),
            );
        }
        found
    }

    fn references() -> Vec<Path> {
        vec![Self::CONNECTOR_ID.path(), Self::SECRETS.path()]
    }

    async fn plan(cx: &Cx<Client>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        if plan.is_delete() {
            return note_successor(cx, plan, Self::NAME, Some(Self::TYPE), Self::WORKSPACE_ID);
        }
        if !stored::leave_unwritten(cx, plan)? {
            left_out::left_out(plan, Self::CONFIGURATION);
        }
        stored::compare(cx, plan).await?;
        left_out::left_out(plan, Self::LABELS);
        left_out::left_alone(plan, Self::ENVIRONMENT);
        left_out::left_alone(plan, Self::SECRETS);
        note_successor(cx, plan, Self::NAME, Some(Self::TYPE), Self::WORKSPACE_ID)?;
        flavor::check(cx, plan).await;
        Ok(())
    }

    fn inherit(state: Dyn) -> Dyn {
        left_out::inherited(state)
    }

    async fn import(cx: &Cx<Client>, text: &str) -> Result<Place<ComponentId>, Diag> {
        import::by_type_and_name::<Self>(cx, text).await
    }
}

/// Returns the settings that the server ignored, from the private state.
fn dropped(cx: &Cx<Client>) -> Option<BTreeSet<String>> {
    cx.private(DROPPED).and_then(|names| serde_json::from_value(names).ok())
}
