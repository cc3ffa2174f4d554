//! `zenml_service_connector`: cloud credentials for stack components.

mod action;
mod calls;
mod catalog;
mod credentials;
mod data;
mod held;
mod known;
mod moment;
mod planning;
mod plural;
mod settings;
mod verify;

use std::collections::BTreeMap;
use std::time::Duration;

use tfkit::model::{Operation, settled};
use tfkit::timeouts::{Create, Timeouts, Update};
use tfkit::{
    Computed, Current, Cx, Diag, Dyn, IfSet, Model, OrDefault, OrServer, Path, Plan, Secret, Since, Twin,
};
use zenml_api::workspace::connector::{
    self as api, Connector, ConnectorBody, ConnectorCreate, ConnectorQuery, ConnectorType, ConnectorUpdate,
    SecretsQuery,
};
use zenml_api::{ConnectorId, Sensitive, Timestamp, UserId, WorkspaceId};
use zenml_client::{ApiError, Optional as _, Secrets};

pub use self::action::VerifyServiceConnector;
use self::calls::failed;
pub use self::credentials::ServiceConnectorCredentials;
pub use self::data::ServiceConnectorData;
pub(crate) use self::held::HeldConnectors;
use self::moment::{naive, same_moment};
pub use self::plural::ServiceConnectorsData;
use self::settings::Settings;
use self::verify::{Case, Origin, Subject};
use crate::client::Client;
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::scope::{self, Seen};
use crate::in_workspace::{
    Filter, Found, InWorkspace, Noun, Objects, Place, filter, left_out, lookup, names, read, write,
};
use crate::succession::{self, note_successor, retire, succeed, successor, unfinished};

/// Credentials for a cloud or another service. Stack components use them through the connector, without knowing them.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "service_connector", key = Place<ConnectorId>)]
#[model(since = "1.0.0", needs = Needs::WORKSPACE_ADMIN.text())]
#[model(import = "NAME")]
pub struct ServiceConnector {
    /// ID of the workspace that contains the connector. Default: the provider's workspace. Null on an open-source
    /// server.
    #[attr(key = optional, replace)]
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// ID of the connector.
    #[attr(key, stable)]
    pub id: Computed<Id<ConnectorId>>,
    /// Name of the connector, unique in its workspace.
    #[attr(check = length(1..=255))]
    pub name: String,
    /// Type of the connector: `aws`, `gcp`, `azure`, `kubernetes`, `docker`, `hyperai`, or another type that the server
    /// supports.
    #[attr(replace, check = non_empty())]
    pub r#type: String,
    /// Authentication method, such as `iam-role`. Each type has its own methods.
    #[attr(replace, check = non_empty())]
    pub auth_method: String,
    /// Type of the resources that the connector gives access to, such as `s3-bucket`. Default: all resource types of
    /// the connector's type; the attribute is null if there are several.
    #[attr(replace, check = non_empty())]
    pub resource_type: OrServer<String>,
    /// The single resource that the connector gives access to, such as `s3://my-bucket`.
    #[attr(check = length(..=255), same = empty_is_null)]
    pub resource_id: Option<String>,
    /// Configuration of the authentication method, including its secrets. Null values are not sent. Omit both
    /// `configuration` and `configuration_wo` to manage the configuration elsewhere.
    #[attr(twin)]
    pub configuration: Twin<Secret<Settings>>,
    /// Description of the connector. Omit it to leave the description unchanged; an empty string removes it.
    #[attr(stable, same = empty_is_null)]
    pub description: OrServer<String>,
    /// Labels. Omitting them is the same as `{}`.
    // Computed, because only then can a plan keep an empty map, which the Go provider stored if nothing was
    // configured.
    #[attr(same = empty_is_null)]
    pub labels: OrServer<BTreeMap<String, String>>,
    /// Whether the server verifies the credentials before the connector is created, and before its configuration,
    /// `resource_type`, `resource_id` or `expiration_seconds` changes.
    #[attr(local, default = true)]
    pub verify: OrDefault<bool>,
    /// When the credentials expire, such as `2030-01-31T12:00:00Z`. Times without an offset are UTC. A server cannot
    /// clear the expiry: removing the argument keeps the last value.
    #[attr(stable, same = same_moment, check = in_plan(pattern(
        "be a time such as 2030-01-31T12:00:00Z or 2030-01-31T13:00:00+01:00", |text| naive(text).is_some()
    )))]
    pub expires_at: OrServer<String>,
    /// Lifetime of the temporary credentials that the connector issues, in seconds, if its authentication method issues
    /// any. Omit it to leave the value unchanged; removing the argument later removes the value.
    #[attr(check = in_plan(number(1..)))]
    pub expiration_seconds: IfSet<i64>,
    /// How many seconds before `expires_at` the credentials count as expired. A server cannot clear this: removing the
    /// argument keeps the last value.
    #[attr(stable, check = number(0..))]
    pub expires_skew_tolerance: OrServer<i64>,
    /// ID of the user in the workspace who created the connector.
    #[attr(stable)]
    pub user: Computed<Option<Id<UserId>>>,
    /// When the connector was created.
    #[attr(stable)]
    pub created: Computed<String>,
    /// When the connector was last updated.
    pub updated: Computed<String>,
    /// Time limits for creating and updating the connector, including verification.
    pub timeouts: Option<Timeouts<(Create, Update)>>,
}

impl InWorkspace for ServiceConnector {
    type Wire = Connector;
    type Beside = ();
    const NOUN: Noun = Noun { words: "service connector", resource: "zenml_service_connector" };
    /// A connector has up to 30 KiB, because it contains the description of its type.
    const LONGEST_PAGE: u64 = 200;
    const FILTERS: &'static [Filter<ConnectorQuery, Connector>] = &[
        Filter {
            name: "type",
            description: "List only connectors of this type, such as `aws`.",
            check: None,
            narrow: |query, kind| ConnectorQuery { connector_type: vec![kind.to_owned()], ..query },
            keeps: |connector, kind| {
                filter::is(connector.body.as_ref().map(|body| body.connector_type.name()), kind)
            },
        },
        Filter {
            name: "auth_method",
            description: "List only connectors with this authentication method, such as `iam-role`.",
            check: None,
            narrow: |query, method| ConnectorQuery { auth_method: vec![method.to_owned()], ..query },
            keeps: |connector, method| {
                filter::is(connector.body.as_ref().map(|body| body.auth_method.as_str()), method)
            },
        },
        Filter {
            name: "resource_type",
            description: "List only connectors that give access to this type of resource, such as `s3-bucket`, alone \
                          or among others.",
            check: None,
            narrow: |query, _| query,
            keeps: |connector, wanted| {
                let types = connector.body.as_ref().map(|body| &body.resource_types);
                types.is_none_or(|types| types.iter().any(|kind| kind == wanted))
            },
        },
    ];

    fn unfamiliar(arguments: &Dyn) -> Vec<Diag> {
        catalog::unfamiliar(arguments)
    }

    fn wanted(&self) -> Result<ConnectorCreate, Diag> {
        Ok(self.request(self.resource_type.as_ref().into_iter().cloned().collect()))
    }

    /// A server removes omitted fields, so an update sends all of them: see [`Self::update`]. Here it only matters
    /// whether there is anything to send.
    fn change(prior: &Self, plan: &Self) -> Result<Option<ConnectorUpdate>, Diag> {
        Ok(plan.sends(prior).then(ConnectorUpdate::default))
    }

    fn observe(found: &Found<'_, Self>, since: Since<'_, Self>) -> Result<Self, Diag> {
        let connector = found.object;
        let body = found.body(&connector.body)?;
        let metadata = connector.metadata.clone().unwrap_or_default();
        let known = since.model();
        let description = OrServer::from_option(lookup::filled(Some(body.description.clone())));
        Ok(Self {
            workspace_id: found.workspace_id(),
            id: found.id(),
            name: found.name(),
            r#type: body.connector_type.name().to_owned(),
            auth_method: body.auth_method.clone(),
            resource_type: match body.resource_types.as_slice() {
                [only] => OrServer::known(only.clone()),
                _ => OrServer::null(),
            },
            resource_id: body.resource_id.clone(),
            configuration: configuration(connector, body, &since),
            description: match since {
                // Somebody may have changed unmanaged attributes meanwhile; the next read shows that.
                Since::Answer(plan) => plan.description.clone().or_prior(description),
                Since::State(_) | Since::Import(_) => description,
            },
            labels: OrServer::from_option(Some(metadata.labels).filter(|labels| !labels.is_empty())),
            verify: known.map_or(OrDefault(true), |known| known.verify),
            expires_at: OrServer::from_option(body.expires_at.as_ref().map(ToString::to_string)),
            expiration_seconds: IfSet(metadata.expiration_seconds),
            expires_skew_tolerance: OrServer::from_option(body.expires_skew_tolerance),
            user: Computed::known(body.user_id.map(Id)),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(body.updated.to_string()),
            timeouts: known.and_then(|known| known.timeouts.clone()),
        })
    }

    /// Omits the secrets.
    fn query(query: ConnectorQuery) -> ConnectorQuery {
        ConnectorQuery { expand_secrets: Some(false), ..query }
    }

    fn look() -> SecretsQuery {
        SecretsQuery { expand_secrets: Some(false), ..SecretsQuery::default() }
    }

    fn trim(connector: &mut Connector) {
        settings::forget_other_methods(connector);
    }

    fn failed(&self, verb: &str, error: &ApiError) -> Diag {
        let mut diag = failed(verb, &self.name, error);
        // The client cannot mask a configuration that this run did not send.
        diag.why = diag.why.map(|why| self.secrets().hide(&why));
        if matches!(error, ApiError::Invalid(_)) { diag.at(self.configuration_path()) } else { diag }
    }

    async fn create(cx: &Cx<Client>, plan: Self) -> Result<Self, Diag> {
        let server = scope::open(cx, write::home_of(&plan)).await?;
        succession::forget_successor(cx);
        let is_free = names::is_free(cx.client().await?, &server, &plan, &plan.name).await;
        let predecessor = if is_free { None } else { calls::predecessor(cx, &server, &plan).await? };
        if plan.verify.0 {
            verify::verify(cx, &server.api, &Subject::New(&plan.wanted()?), &plan.case()).await?;
        }
        let connector = write::create_on(&server, &plan).await?;
        let id = connector.id;
        write::save_created(cx, &plan, id)?;
        let created = read::observed(&server, &connector, &plan)?;
        cx.save(&created);
        if let Some(predecessor) = predecessor {
            succeed::<HeldConnectors>(cx, &server, predecessor.id, id).await;
        }
        Ok(created)
    }

    async fn update(cx: &Cx<Client>, current: Current<Objects<Self>>, plan: Self) -> Result<Self, Diag> {
        let Current { model: prior, remote, .. } = current;
        let id = prior.id.get()?.0;
        let home = write::home_of(&plan).or(write::home_of(&prior));
        succession::forget_successor(cx);
        if let Some(predecessor) = unfinished(cx) {
            let server = scope::open(cx, home).await?;
            succeed::<HeldConnectors>(cx, &server, predecessor, id).await;
        }
        let moves_in = write::moves_in(&prior, &plan);
        let (sends, verifies) = (plan.sends(&prior), plan.verifies(&prior));
        if !sends && !verifies && !moves_in {
            return settled(&plan, &prior);
        }
        let server = scope::open(cx, home).await?;
        let stored = match remote {
            Some(Seen::Found(_, read)) if !moves_in => read.object,
            _ => read::look::<Self>(&server.api, id).await?.ok_or_else(|| {
                let (before, now) = (write::home_of(&prior), write::home_of(&plan));
                Self::NOUN.lost(&plan.name, before, now, Self::WORKSPACE_ID)
            })?,
        };
        if verifies {
            // If no configuration is sent, the connector is verified with the stored one.
            let request = plan.sent(&prior).map(|_| plan.request(plan.resource_types(&stored)));
            let subject = request.as_ref().map_or(Subject::Stored(id), Subject::New);
            verify::verify(cx, &server.api, &subject, &plan.case()).await?;
        }
        if !sends {
            let model = read::observed(&server, &stored, &plan)?;
            return Ok(Self { updated: plan.updated.or_prior(model.updated), ..model });
        }
        let change = plan.full_change(&prior, &stored)?;
        let changed = match server.api.send(&api::UPDATE, id, (), change).await {
            Ok(changed) => changed,
            Err(ApiError::NotFound(_)) => return Err(Self::NOUN.vanished(&plan.name)),
            Err(ApiError::Conflict(_)) => {
                let other = write::with_name(&server, &plan).await?;
                return Err(plan.exists(&server, other.as_ref()));
            }
            Err(error) if error.is_in_use() => return Err(plan.change_in_use(&prior, &error)),
            Err(error) => return Err(plan.failed("change", &error)),
        };
        let model = read::observed(&server, &changed, &plan)?;
        Ok(Self {
            expires_at: plan.expires_at.or_prior(model.expires_at),
            expires_skew_tolerance: plan.expires_skew_tolerance.or_prior(model.expires_skew_tolerance),
            ..model
        })
    }

    async fn delete(cx: &Cx<Client>, prior: Self) -> Result<(), Diag> {
        let home = write::home_of(&prior);
        let Some(server) = scope::open_to_delete(cx, home).await? else { return Ok(()) };
        let id = prior.id.get()?.0;
        match server.api.call(&api::DELETE, id).await.optional() {
            Ok(_) => Ok(()),
            Err(error) if error.is_in_use() => {
                let successor = successor(cx, Some(&prior.r#type), home);
                let retired =
                    retire::<HeldConnectors>(cx, &server, id, &prior.name, successor.as_deref()).await;
                retired.map_err(|error| failed("delete", &prior.name, &error))
            }
            Err(error) => Err(failed("delete", &prior.name, &error)),
        }
    }

    async fn plan(cx: &Cx<Client>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        planning::plan(plan);
        if plan.is_update() && unfinished::<ConnectorId>(cx).is_some() {
            plan.unknown(Self::UPDATED);
        }
        planning::other_resource(cx, plan).await;
        note_successor(cx, plan, Self::NAME, Some(Self::TYPE), Self::WORKSPACE_ID)?;
        known::check(cx, plan).await;
        Ok(())
    }

    fn inherit(state: Dyn) -> Dyn {
        left_out::inherited(state)
    }

    fn timeout(_: Operation) -> Duration {
        Duration::from_mins(5)
    }
}

impl ServiceConnector {
    /// Returns whether components of another connector could use this one, that is, whether it has the same type.
    fn can_follow(&self, predecessor: &Connector) -> bool {
        predecessor.body.as_ref().is_some_and(|body| body.connector_type.name() == self.r#type)
    }

    fn settings(&self) -> Option<&Settings> {
        self.configuration.value().map(Secret::expose)
    }

    /// Returns the configuration that an update sends; an omitted one stays. A write-only configuration is sent only
    /// if its version changes, a stored one always, so that the server has what the state contains.
    fn sent(&self, prior: &Self) -> Option<&Settings> {
        if self.configuration.is_written() {
            return self.configuration.changed(&prior.configuration).map(Secret::expose);
        }
        self.settings()
    }

    /// Returns the values that no message may contain. It is unknown which settings are secret, so all of them count
    /// as secret.
    fn secrets(&self) -> Secrets {
        Secrets::of(self.settings().into_iter().flat_map(BTreeMap::values).flatten().map(String::as_str))
    }

    /// Returns what the messages of its verification contain.
    fn case(&self) -> Case<'_> {
        Case {
            name: &self.name,
            connector_type: &self.r#type,
            auth_method: &self.auth_method,
            resource_type: self.resource_type.as_ref().map(String::as_str),
            resource_id: self.resource_id.as_deref().filter(|id| !id.is_empty()),
            secrets: self.secrets(),
            origin: Some(Origin { configuration: self.configuration_path(), verify: Self::VERIFY.path() }),
        }
    }

    fn request(&self, resource_types: Vec<String>) -> ConnectorCreate {
        ConnectorCreate {
            name: self.name.clone(),
            connector_type: ConnectorType::Name(self.r#type.clone()),
            auth_method: self.auth_method.clone(),
            resource_types,
            resource_id: self.resource_id.clone().filter(|id| !id.is_empty()),
            description: self.description.as_ref().cloned().unwrap_or_default(),
            expires_at: self.expires_at(),
            expires_skew_tolerance: self.expires_skew_tolerance.as_ref().copied(),
            expiration_seconds: self.expiration_seconds.0,
            configuration: Sensitive::new(self.settings().map(settings::json).unwrap_or_default()),
            labels: self.labels.as_ref().cloned().unwrap_or_default(),
        }
    }

    /// Returns the complete body of an update request.
    fn full_change(&self, prior: &Self, stored: &Connector) -> Result<ConnectorUpdate, Diag> {
        let body = body(stored)?;
        let metadata = stored.metadata.clone().unwrap_or_default();
        let tolerance = self.expires_skew_tolerance.as_ref().copied();
        Ok(ConnectorUpdate {
            name: Some(self.name.clone()),
            connector_type: None,
            auth_method: Some(self.auth_method.clone()),
            resource_types: Some(self.resource_types(stored)),
            resource_id: self.resource_id.clone().filter(|id| !id.is_empty()),
            description: Some(self.description.as_ref().unwrap_or(&body.description).clone()),
            expires_at: self.expires_at().or(body.expires_at.clone()),
            expires_skew_tolerance: tolerance.or(body.expires_skew_tolerance),
            expiration_seconds: match (self.expiration_seconds.0, prior.expiration_seconds.0) {
                (None, None) => metadata.expiration_seconds,
                (planned, _) => planned,
            },
            configuration: self.sent(prior).map(|settings| Sensitive::new(settings::json(settings))),
            labels: Some(self.labels.as_ref().cloned().unwrap_or_default()),
        })
    }

    /// Returns the resource types after an update.
    fn resource_types(&self, stored: &Connector) -> Vec<String> {
        match self.resource_type.as_ref() {
            Some(only) => vec![only.clone()],
            None => stored.body.as_ref().map(|body| body.resource_types.clone()).unwrap_or_default(),
        }
    }

    /// Returns the expiry time as a server stores it. A value that cannot be parsed comes from a server.
    fn expires_at(&self) -> Option<Timestamp> {
        let text = self.expires_at.as_ref()?;
        Some(Timestamp::new(naive(text).unwrap_or_else(|| text.clone())))
    }

    /// Returns the attribute for messages about the configuration.
    fn configuration_path(&self) -> Path {
        if self.configuration.is_written() {
            Self::CONFIGURATION_WO.path()
        } else {
            Self::CONFIGURATION.path()
        }
    }

    /// Returns whether something differs that the server stores.
    fn sends(&self, prior: &Self) -> bool {
        self.name != prior.name
            || self.description != prior.description
            || self.labels != prior.labels
            || differs(&self.expires_at, &prior.expires_at)
            || differs(&self.expires_skew_tolerance, &prior.expires_skew_tolerance)
            || self.reaches_other(prior)
    }

    /// Returns whether something differs that affects the credentials or what they give access to.
    fn reaches_other(&self, prior: &Self) -> bool {
        self.resource_id != prior.resource_id
            || differs(&self.resource_type, &prior.resource_type)
            || self.expiration_seconds != prior.expiration_seconds
            || self.configuration.changed(&prior.configuration).is_some()
    }

    fn verifies(&self, prior: &Self) -> bool {
        self.verify.0 && (!prior.verify.0 || self.reaches_other(prior))
    }

    /// Returns the error for a rejected change of the resource type while components use the connector.
    fn change_in_use(&self, prior: &Self, error: &ApiError) -> Diag {
        let diag = failed("change", &self.name, error).fix(
            "Or create a second connector with another name, and set its id as connector_id of the components.",
        );
        if self.resource_id == prior.resource_id {
            diag.at(Self::RESOURCE_TYPE)
        } else {
            diag.at(Self::RESOURCE_ID)
        }
    }
}

/// Returns whether a plan changes a value that the server would otherwise keep.
fn differs<T: PartialEq>(planned: &OrServer<T>, prior: &OrServer<T>) -> bool {
    planned.as_ref().is_some() && planned != prior
}

/// Returns the configuration for the state: the planned one after a change, otherwise that of the server.
fn configuration(
    connector: &Connector,
    body: &ConnectorBody,
    since: &Since<'_, ServiceConnector>,
) -> Twin<Secret<Settings>> {
    let nothing = zenml_api::workspace::JsonMap::new();
    let stored = connector.metadata.as_ref().map_or(&nothing, |metadata| metadata.configuration.expose());
    match since {
        Since::Import(_) if stored.is_empty() => Twin::default(),
        Since::Import(_) => Secret::new(settings::imported(stored)).into(),
        Since::Answer(plan) => plan.configuration.clone(),
        Since::State(state) => state.configuration.refreshed(|known| {
            let untouched = state.updated.as_ref().is_some_and(|updated| updated == body.updated.as_str());
            if untouched {
                return known.clone();
            }
            Secret::new(settings::refreshed(known.expose(), stored, settings::method(body)))
        }),
    }
}

fn body(connector: &Connector) -> Result<&ConnectorBody, Diag> {
    connector.body.as_ref().ok_or_else(|| ServiceConnector::NOUN.unreadable(&connector.name))
}
