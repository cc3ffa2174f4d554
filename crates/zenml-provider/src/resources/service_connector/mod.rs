//! `zenml_service_connector`: how the components of stacks get credentials of a cloud.

mod catalog;
mod data;
mod plural;
mod settings;
mod verify;

use std::collections::BTreeMap;
use std::time::Duration;

use tfkit::model::Operation;
use tfkit::timeouts::{Create, Timeouts, Update};
use tfkit::{
    Computed, Cx, Diag, IfSet, ImportId, Imported, Model, OrDefault, OrServer, Page, Partial, Plan, Resource,
    Secret, Since,
};
use zenml_api::workspace::component::{self, ComponentQuery};
use zenml_api::workspace::connector::{
    self as api, Connector, ConnectorBody, ConnectorCreate, ConnectorQuery, ConnectorType, ConnectorUpdate,
    SecretsQuery,
};
use zenml_api::{ConnectorId, IdOrName, Sensitive, UserId, WorkspaceId};
use zenml_client::{Api, ApiError, Optional as _};

pub use self::data::ServiceConnectorData;
pub use self::plural::ServiceConnectorsData;
use self::settings::Settings;
use crate::batch;
use crate::client::Client;
use crate::failure::{Needs, cannot};
use crate::id::Id;
use crate::object::{self, Noun};
use crate::scope::{self, Reach, Seen, Server};
use crate::scrub::Secrets;

const NOUN: Noun = Noun { words: "service connector", resource: "zenml_service_connector" };

/// Credentials of a cloud or of another service, which stack components use without knowing them.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "service_connector")]
pub struct ServiceConnector {
    /// Workspace that the connector is in. Default: the provider's workspace. Null on an open-source server. Another
    /// workspace makes a new connector.
    #[attr(key = optional, replace)]
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// Identifier of the connector.
    #[attr(key, stable)]
    pub id: Computed<Id<ConnectorId>>,
    /// Name of the connector, unique in its workspace.
    #[attr(check = length(1..=255))]
    pub name: String,
    /// Type of the connector: `aws`, `gcp`, `azure`, `kubernetes`, `docker`, `hyperai`, or another one that the server
    /// knows. Another type makes a new connector.
    #[attr(replace, check = non_empty())]
    pub r#type: String,
    /// How to authenticate; what there is depends on the type, such as `iam-role`. Another method makes a new connector.
    #[attr(replace, check = non_empty())]
    pub auth_method: String,
    /// The only type of resource that the connector is for, such as `s3-bucket`. Default: all that its type of connector
    /// knows; null then, where there is more than one. Another type of resource makes a new connector.
    #[attr(replace, check = non_empty())]
    pub resource_type: OrServer<String>,
    /// The only resource that the connector is for, such as `s3://my-bucket`.
    #[attr(check = length(..=255), same = empty_is_null)]
    pub resource_id: Option<String>,
    /// Configuration of the authentication method, with its secrets. Members that are null are not sent. Leave it out to
    /// manage the configuration elsewhere.
    pub configuration: IfSet<Secret<Settings>>,
    /// What the connector is for.
    #[attr(same = empty_is_null)]
    pub description: Option<String>,
    /// Labels.
    #[attr(same = empty_is_null)]
    pub labels: Option<BTreeMap<String, String>>,
    /// Whether the server tries the credentials before the connector is made, and before a change of its configuration,
    /// `resource_type` or `resource_id`. Default: `true`.
    #[attr(default = true)]
    pub verify: OrDefault<bool>,
    /// When the credentials expire.
    pub expires_at: Computed<Option<String>>,
    /// Id of the user in the workspace who made the connector.
    #[attr(stable)]
    pub user: Computed<Option<Id<UserId>>>,
    /// When the connector was made.
    #[attr(stable)]
    pub created: Computed<String>,
    /// When the connector was last changed.
    pub updated: Computed<String>,
    /// How long creation and change may take, verification included. Default: `5m` each.
    pub timeouts: Option<Timeouts<(Create, Update)>>,
}

/// Connectors on one page of a list: up to 30 KiB each, because the description of their type comes with each.
const LONGEST_PAGE: u64 = 200;

/// What a read found.
#[derive(Clone, Debug)]
pub struct Remote(Seen<Found>);

#[derive(Clone, Debug)]
struct Found {
    workspace_id: Option<WorkspaceId>,
    connector: Connector,
}

impl Found {
    fn seen(server: &Server, connector: Connector) -> Remote {
        Remote(Seen::Found(Self { workspace_id: server.workspace_id, connector }))
    }
}

impl Resource for ServiceConnector {
    type Client = Client;
    type Remote = Remote;

    async fn fetch(cx: &Cx<Client>, key: &ServiceConnectorKey) -> Result<Option<Remote>, Diag> {
        let server = match scope::reach(cx, key.workspace_id.map(|id| id.0)).await? {
            Reach::Open(server) => server,
            Reach::Closed => return Ok(Some(Remote(Seen::Unseen))),
            Reach::Gone => return Ok(None),
        };
        let found = look(&server.api, key.id.0).await?;
        Ok(found.map(|connector| Found::seen(&server, connector)))
    }

    fn scope(key: &ServiceConnectorKey) -> Option<String> {
        Some(batch::scope_of(key.workspace_id))
    }

    async fn page(
        cx: &Cx<Client>,
        scope: &str,
        from: Option<u64>,
    ) -> Result<Page<(ServiceConnectorKey, Remote)>, Diag> {
        let query =
            ConnectorQuery { hydrate: Some(true), expand_secrets: Some(false), ..ConnectorQuery::default() };
        batch::page(
            cx,
            scope,
            from,
            LONGEST_PAGE,
            (&api::LIST, query),
            |home, workspace_id, mut connector| {
                settings::forget_other_methods(&mut connector);
                let key = ServiceConnectorKey { workspace_id: home, id: Id(connector.id) };
                (key, Remote(Seen::Found(Found { workspace_id, connector })))
            },
        )
        .await
    }

    async fn complete(cx: &Cx<Client>, item: Remote) -> Result<Remote, Diag> {
        if let Seen::Found(found) = &item.0 {
            scope::reached(cx, found.workspace_id).await?;
        }
        Ok(item)
    }

    fn observe(remote: &Remote, since: Since<'_, Self>) -> Result<Self, Diag> {
        let Found { workspace_id, connector } = match remote.0.found(&since)? {
            Ok(found) => found,
            Err(state) => return Ok(state),
        };
        let body = body(connector)?;
        let metadata = connector.metadata.clone().unwrap_or_default();
        let known = since.model();
        let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Ok(Self {
            workspace_id: OrServer::from_option(workspace_id.map(Id)),
            id: Computed::known(Id(connector.id)),
            name: connector.name.clone(),
            r#type: body.connector_type.name().to_owned(),
            auth_method: body.auth_method.clone(),
            resource_type: match body.resource_types.as_slice() {
                [only] => OrServer::known(only.clone()),
                _ => OrServer::null(),
            },
            resource_id: body.resource_id.clone(),
            configuration: IfSet(configuration(connector, body, &since).map(Secret::new)),
            description: filled(&body.description),
            labels: Some(metadata.labels).filter(|labels| !labels.is_empty()),
            verify: known.map_or(OrDefault(true), |known| known.verify),
            expires_at: Computed::known(body.expires_at.as_ref().map(ToString::to_string)),
            user: Computed::known(body.user_id.map(Id)),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(body.updated.to_string()),
            timeouts: known.and_then(|known| known.timeouts.clone()),
        })
    }

    async fn create(cx: &Cx<Client>, plan: Self) -> Result<Self, Diag> {
        let server = scope::open(cx, plan.home()).await?;
        if let Some(existing) = with_name(&server.api, &plan.name).await? {
            return Err(NOUN.exists(&plan.name, server.workspace_id, Some(existing.id), Self::NAME));
        }
        let wanted = plan.wanted(plan.resource_type.as_ref().into_iter().cloned().collect());
        if plan.verify.0 {
            verify::verify(cx, &server.api, &wanted, &plan.secrets()).await?;
        }
        let connector = make(&server, &plan, wanted).await?;
        let remote = Found::seen(&server, connector);
        let made = Self::observe(&remote, Since::Answer(&plan))?;
        cx.save(&made);
        plan.warn_of_dropped(cx, &remote);
        Ok(made)
    }

    async fn update(cx: &Cx<Client>, prior: Self, plan: Self) -> Result<Self, Diag> {
        let id = prior.id.get()?.0;
        let moves_in = prior.home().is_none() && plan.home().is_some();
        let (sends, verifies) = (plan.sends(&prior), plan.verifies(&prior));
        if !sends && !verifies && !moves_in {
            return Ok(plan.settled(prior));
        }
        let server = scope::open(cx, plan.home().or(prior.home())).await?;
        let current = look(&server.api, id).await?.ok_or_else(|| match plan.home() {
            Some(workspace) if moves_in => elsewhere(&plan.name, workspace),
            _ => NOUN.vanished(&plan.name),
        })?;
        let stored = body(&current)?;
        let resource_types = match plan.resource_type.as_ref() {
            Some(only) => vec![only.clone()],
            None => stored.resource_types.clone(),
        };
        if verifies {
            let wanted = plan.wanted(resource_types.clone());
            verify::verify(cx, &server.api, &wanted, &plan.secrets()).await?;
        }
        if !sends {
            let model = Self::observe(&Found::seen(&server, current), Since::Answer(&plan))?;
            return Ok(Self { updated: plan.updated.or_prior(model.updated), ..model });
        }
        // A server takes what is left out for removed, so that all of it is always sent.
        let metadata = current.metadata.clone().unwrap_or_default();
        let change = ConnectorUpdate {
            name: Some(plan.name.clone()),
            connector_type: None,
            auth_method: Some(plan.auth_method.clone()),
            resource_types: Some(resource_types),
            resource_id: plan.resource_id.clone().filter(|id| !id.is_empty()),
            description: Some(plan.description.clone().unwrap_or_default()),
            expires_at: stored.expires_at.clone(),
            expires_skew_tolerance: stored.expires_skew_tolerance,
            expiration_seconds: metadata.expiration_seconds,
            configuration: plan.settings().map(|settings| Sensitive::new(settings::json(settings))),
            labels: Some(plan.labels.clone().unwrap_or_default()),
        };
        let changed = match server.api.send(&api::UPDATE, id, (), change).await {
            Ok(changed) => changed,
            Err(ApiError::NotFound(_)) => return Err(NOUN.vanished(&plan.name)),
            Err(ApiError::Conflict(_)) => {
                let other = with_name(&server.api, &plan.name).await?.map(|other| other.id);
                return Err(NOUN.exists(&plan.name, server.workspace_id, other, Self::NAME));
            }
            Err(error) if error.is_in_use() => return Err(plan.change_in_use(&prior, &error)),
            Err(error) => return Err(plan.refused("change", &error)),
        };
        let remote = Found::seen(&server, changed);
        plan.warn_of_dropped(cx, &remote);
        Self::observe(&remote, Since::Answer(&plan))
    }

    async fn delete(cx: &Cx<Client>, prior: Self) -> Result<(), Diag> {
        let Some(server) = scope::open_to_delete(cx, prior.home()).await? else { return Ok(()) };
        let id = prior.id.get()?.0;
        match server.api.call(&api::DELETE, id).await.optional() {
            Ok(_) => Ok(()),
            Err(error) if error.is_in_use() => {
                Err(deletion_in_use(&server.api, id, &prior.name, &error).await)
            }
            Err(error) => Err(failed("delete", &prior.name, &error)),
        }
    }

    fn validate(config: &Partial<Self>) -> Vec<Diag> {
        catalog::warnings(config)
    }

    async fn plan(_: &Cx<Client>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        if !plan.is_update() {
            return Ok(());
        }
        let config = plan.config();
        let left_open = (
            config.get(Self::WORKSPACE_ID).is_null(),
            config.get(Self::RESOURCE_TYPE).is_null(),
            config.get(Self::CONFIGURATION).is_null(),
        );
        let sends = plan.changes(Self::NAME)
            || plan.changes(Self::RESOURCE_ID)
            || plan.changes(Self::DESCRIPTION)
            || plan.changes(Self::LABELS)
            || !left_open.0 && plan.changes(Self::WORKSPACE_ID)
            || !left_open.1 && plan.changes(Self::RESOURCE_TYPE)
            || !left_open.2 && plan.changes(Self::CONFIGURATION);
        if !sends {
            plan.keep(Self::UPDATED);
            plan.keep(Self::EXPIRES_AT);
            plan.keep(Self::USER);
            plan.keep(Self::RESOURCE_TYPE);
            plan.keep(Self::WORKSPACE_ID);
        }
        Ok(())
    }

    async fn import(cx: &Cx<Client>, id: ImportId<'_, ServiceConnectorKey>) -> Result<Imported<Self>, Diag> {
        let text = match id {
            ImportId::Key(key) => return Ok(Imported::Key(key)),
            ImportId::Text(text) => text,
        };
        let named = object::named(cx.client().await?, text).await?;
        let id = match named.object {
            IdOrName::Id(id) => id,
            IdOrName::Name(name) => {
                let server = scope::open(cx, named.workspace).await?;
                with_name(&server.api, &name).await?.ok_or_else(|| missing(&name))?.id
            }
        };
        Ok(Imported::Key(ServiceConnectorKey { workspace_id: named.workspace.map(Id), id: Id(id) }))
    }

    fn timeout(_: Operation) -> Duration {
        Duration::from_mins(5)
    }
}

impl ServiceConnector {
    /// The workspace that the connector says it is in.
    fn home(&self) -> Option<WorkspaceId> {
        self.workspace_id.as_ref().map(|id| id.0)
    }

    fn settings(&self) -> Option<&Settings> {
        self.configuration.as_ref().map(Secret::expose)
    }

    /// What no message may repeat. The server has not said yet which members are secret, so all of them are.
    fn secrets(&self) -> Secrets {
        Secrets::of(self.settings().into_iter().flat_map(BTreeMap::values).flatten().map(String::as_str))
    }

    fn wanted(&self, resource_types: Vec<String>) -> ConnectorCreate {
        ConnectorCreate {
            name: self.name.clone(),
            connector_type: ConnectorType::Name(self.r#type.clone()),
            auth_method: self.auth_method.clone(),
            resource_types,
            resource_id: self.resource_id.clone().filter(|id| !id.is_empty()),
            description: self.description.clone().unwrap_or_default(),
            configuration: Sensitive::new(self.settings().map(settings::json).unwrap_or_default()),
            labels: self.labels.clone().unwrap_or_default(),
            ..ConnectorCreate::default()
        }
    }

    /// Whether something differs that the server keeps.
    fn sends(&self, prior: &Self) -> bool {
        self.name != prior.name
            || self.description != prior.description
            || self.labels != prior.labels
            || self.reaches_other(prior)
    }

    /// Whether something differs that decides what the credentials are and reach.
    fn reaches_other(&self, prior: &Self) -> bool {
        let differs =
            |planned: Option<&String>, prior: Option<&String>| planned.is_some() && planned != prior;
        self.resource_id != prior.resource_id
            || differs(self.resource_type.as_ref(), prior.resource_type.as_ref())
            || self.settings().is_some() && self.settings() != prior.settings()
    }

    fn verifies(&self, prior: &Self) -> bool {
        self.verify.0 && (!prior.verify.0 || self.reaches_other(prior))
    }

    /// The plan, where only that has changed which the server does not know.
    fn settled(self, prior: Self) -> Self {
        Self {
            workspace_id: self.workspace_id.or_prior(prior.workspace_id),
            resource_type: self.resource_type.or_prior(prior.resource_type),
            expires_at: self.expires_at.or_prior(prior.expires_at),
            user: self.user.or_prior(prior.user),
            updated: self.updated.or_prior(prior.updated),
            ..self
        }
    }

    fn warn_of_dropped(&self, cx: &Cx<Client>, remote: &Remote) {
        let Seen::Found(Found { connector, .. }) = &remote.0 else { return };
        let (Some(settings), Some(body)) = (self.settings(), &connector.body) else { return };
        let dropped = settings::dropped(settings, body);
        if dropped.is_empty() {
            return;
        }
        cx.warn(
            Diag::warning(format!("The server dropped members of the configuration: {}", dropped.join(", ")))
                .why(format!(
                    "The authentication method {:?} does not know them. They stay in the state and have no effect.",
                    self.auth_method
                ))
                .fix("Check the spelling, or remove them.")
                .at(Self::CONFIGURATION),
        );
    }

    fn refused(&self, verb: &str, error: &ApiError) -> Diag {
        let diag = self.secrets().hide_in(failed(verb, &self.name, error));
        if matches!(error, ApiError::Invalid(_)) { diag.at(Self::CONFIGURATION) } else { diag }
    }

    /// The server refuses to change what a connector is for while components use it.
    fn change_in_use(&self, prior: &Self, error: &ApiError) -> Diag {
        let diag = failed("change", &self.name, error).fix(
            "Or make a second connector under another name, and give its id to the components as connector_id.",
        );
        if self.resource_id == prior.resource_id {
            diag.at(Self::RESOURCE_TYPE)
        } else {
            diag.at(Self::RESOURCE_ID)
        }
    }
}

/// The configuration for the state: the planned one after a change; else as somebody may have changed it.
fn configuration(
    connector: &Connector,
    body: &ConnectorBody,
    since: &Since<'_, ServiceConnector>,
) -> Option<Settings> {
    let nothing = zenml_api::workspace::JsonMap::new();
    let stored = connector.metadata.as_ref().map_or(&nothing, |metadata| metadata.configuration.expose());
    match since {
        Since::Import(_) => Some(settings::imported(stored)).filter(|settings| !settings.is_empty()),
        Since::Answer(plan) => plan.settings().cloned(),
        Since::State(state) => {
            let known = state.settings()?;
            let untouched = state.updated.as_ref().is_some_and(|updated| updated == body.updated.as_str());
            Some(if untouched {
                known.clone()
            } else {
                settings::refreshed(known, stored, settings::method(body))
            })
        }
    }
}

/// Makes the connector. After a lost answer it is taken over only because it was not there before.
async fn make(server: &Server, plan: &ServiceConnector, wanted: ConnectorCreate) -> Result<Connector, Diag> {
    match server.api.send(&api::CREATE, (), (), wanted).await {
        Ok(connector) => Ok(connector),
        Err(ApiError::Conflict(_)) => {
            let existing = with_name(&server.api, &plan.name).await?.map(|existing| existing.id);
            Err(NOUN.exists(&plan.name, server.workspace_id, existing, ServiceConnector::NAME))
        }
        Err(error) if error.outcome_unknown() => match with_name(&server.api, &plan.name).await? {
            Some(made) => look(&server.api, made.id).await?.ok_or_else(|| NOUN.vanished(&plan.name)),
            None => Err(plan.refused("create", &error)),
        },
        Err(error) => Err(plan.refused("create", &error)),
    }
}

fn body(connector: &Connector) -> Result<&ConnectorBody, Diag> {
    connector.body.as_ref().ok_or_else(|| NOUN.unreadable(&connector.name))
}

/// A connector without its secrets, which stay on the server.
async fn look(api: &Api, id: ConnectorId) -> Result<Option<Connector>, Diag> {
    let query = SecretsQuery { expand_secrets: Some(false) };
    let found = api.send(&api::GET, id, query, ()).await.optional();
    found
        .map_err(|error| cannot(format_args!("read service connector {id}"), Needs::WORKSPACE_VIEWER, &error))
}

/// The connector of a name, if there is one that the caller may read.
async fn with_name(api: &Api, name: &str) -> Result<Option<Connector>, Diag> {
    let query = ConnectorQuery {
        // A name may look like a filter, such as "contains:x".
        name: vec![format!("equals:{name}")],
        expand_secrets: Some(false),
        ..ConnectorQuery::default()
    };
    let connectors = api.list_all(&api::LIST, (), query).await;
    let connectors = connectors.map_err(|error| {
        cannot(format_args!("look for service connector {name:?}"), Needs::WORKSPACE_VIEWER, &error)
    })?;
    Ok(connectors.into_iter().find(|connector| connector.name == name))
}

fn failed(verb: &str, name: &str, error: &ApiError) -> Diag {
    cannot(format_args!("{verb} service connector {name:?}"), Needs::WORKSPACE_ADMIN, error)
}

/// The server refuses to delete a connector that components use: says which ones, as far as the caller sees them.
async fn deletion_in_use(api: &Api, id: ConnectorId, name: &str, error: &ApiError) -> Diag {
    let query = ComponentQuery { connector_id: vec![id.to_string()], ..ComponentQuery::default() };
    let users = api.list_all(&component::LIST, (), query).await.unwrap_or_default();
    let users: Vec<String> = users.iter().map(|component| format!("{:?}", component.name)).collect();
    let diag = failed("delete", name, error);
    let diag = if users.is_empty() { diag } else { diag.why(format!("Used by: {}.", users.join(", "))) };
    diag.fix(
        "Take the connector from these components (connector_id), or delete them first. Where Terraform replaces the \
         connector, let the new one come first and give it another name:\n  lifecycle { create_before_destroy = true }",
    )
}

/// The state did not say where the connector is, and the configuration names a workspace that it is not in.
fn elsewhere(name: &str, workspace: WorkspaceId) -> Diag {
    Diag::error(format!("Service connector {name:?} is not in workspace {workspace}"))
        .why("The state does not say in which workspace the connector is, and a connector cannot move to another one.")
        .fix("Correct workspace_id, or leave it out and name the server of the connector in the provider block.")
        .at(ServiceConnector::WORKSPACE_ID)
}

fn missing(name: &str) -> Diag {
    Diag::error(format!("There is no service connector {name:?}"))
        .why("The workspace does not have it, or does not show it to this credential.")
        .fix("Correct the id or the name, or say in which workspace it is: WORKSPACE/NAME.")
}
