//! `zenml_flavor`: an implementation of a type of stack components, added to those that come with ZenML.

mod data;
mod retirement;

use tfkit::{
    Claim, Computed, Current, Cx, Diag, Dyn, ImportId, Imported, Model, OrDefault, OrServer, Page, Partial,
    Plan, Resource, Since,
};
use zenml_api::workspace::JsonMap;
use zenml_api::workspace::component::ALL_TYPES;
use zenml_api::workspace::flavor::{self as api, FlavorCreate, FlavorQuery, FlavorUpdate};
use zenml_api::{FlavorId, IdOrName, Patch, UserId, WorkspaceId};
use zenml_client::{Api, ApiError, Optional as _};

pub use self::data::FlavorData;
pub(crate) use self::retirement::release;
use crate::client::Client;
use crate::creation;
use crate::failure::{Needs, cannot};
use crate::id::Id;
use crate::in_workspace::batch;
use crate::in_workspace::import::{self, Named};
use crate::in_workspace::noun::Noun;
use crate::in_workspace::scope::{self, Seen, Server};
use crate::in_workspace::text::{self, said};
use crate::succession::{self, foresee};

const NOUN: Noun = Noun { words: "flavor", resource: "zenml_flavor" };

/// A flavor of stack components that ZenML does not come with: a Python class of your own, and what its components can
/// be configured with.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "flavor")]
pub struct Flavor {
    /// Workspace that the flavor is in. Default: the provider's workspace. Null on an open-source server.
    #[attr(key = optional, replace)]
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// Identifier of the flavor.
    #[attr(key, stable)]
    pub id: Computed<Id<FlavorId>>,
    /// Name of the flavor, unique among the flavors of its type. Components find their flavor by this name, so that another
    /// name is another flavor.
    #[attr(replace, check = length(1..=255), check = pattern("have no tab and no line break", text::is_one_line))]
    pub name: String,
    /// Type of component that it is a flavor of, such as `orchestrator` or `artifact_store`. Another type is another flavor.
    #[attr(name = "type", replace, check = in_plan(one_of(&ALL_TYPES)))]
    pub kind: String,
    /// Python class of the flavor with its module, such as `my_package.flavors.MyFlavor`. The server does not look at it.
    #[attr(check = length(1..=255))]
    pub source: String,
    /// JSON schema of what a component of this flavor can be configured with, as JSON text. Default: `{}`, which says
    /// nothing.
    #[attr(default = "{}", same = json_text, check = in_plan(custom("be the text of a JSON object", is_json_object)))]
    pub config_schema: OrDefault<String>,
    /// Name to show. Default: what the server derives from `name`.
    #[attr(check = length(1..=255))]
    pub display_name: OrServer<String>,
    /// Integration that the flavor belongs to. Default: `custom`.
    #[attr(default = "custom", check = length(1..=255))]
    pub integration: OrDefault<String>,
    /// Type of service connector that fits, such as `aws`. Without it any type fits that offers `connector_resource_type`.
    #[attr(same = empty_is_null, check = length(..=255))]
    pub connector_type: Option<String>,
    /// Type of resource that a service connector has to offer, such as `s3-bucket`.
    #[attr(same = empty_is_null, check = length(..=255))]
    pub connector_resource_type: Option<String>,
    /// Attribute of a component's configuration that names the resource of the connector, such as `path`.
    #[attr(same = empty_is_null, check = length(..=255))]
    pub connector_resource_id_attr: Option<String>,
    /// Address of a picture.
    #[attr(same = empty_is_null)]
    pub logo_url: Option<String>,
    /// Address of the documentation.
    #[attr(same = empty_is_null)]
    pub docs_url: Option<String>,
    /// Address of the documentation of the Python class.
    #[attr(same = empty_is_null)]
    pub sdk_docs_url: Option<String>,
    /// Owner of the flavor, as the workspace knows the account. Null when it belongs to the server.
    #[attr(stable)]
    pub user_id: Computed<Option<Id<UserId>>>,
    /// When the flavor was made.
    #[attr(stable)]
    pub created: Computed<String>,
    /// When the flavor was last changed.
    pub updated: Computed<String>,
}

fn is_json_object(value: &Dyn) -> bool {
    value.as_str().is_none_or(|text| serde_json::from_str::<JsonMap>(text).is_ok())
}

/// Flavors on one page of a list: some KiB each, because of their schemas. Those that a server came with are many more
/// than those that people add.
const LONGEST_PAGE: u64 = 25;

impl Resource for Flavor {
    type Model = Self;
    type Client = Client;
    type Remote = Seen<api::Flavor>;

    async fn fetch(cx: &Cx<Client>, key: &FlavorKey) -> Result<Option<Seen<api::Flavor>>, Diag> {
        scope::read(cx, key.workspace_id, async |server| look(&server.api, key.id.0).await).await
    }

    fn scope(_: &Cx<Client>, key: &FlavorKey) -> Option<String> {
        Some(batch::scope_of(key.workspace_id))
    }

    async fn page(
        cx: &Cx<Client>,
        scope: &str,
        from: Option<u64>,
    ) -> Result<Page<FlavorKey, Seen<api::Flavor>>, Diag> {
        let query = FlavorQuery {
            // What somebody added comes before what the server came with.
            sort_by: Some("desc:created".to_owned()),
            hydrate: Some(true),
            ..FlavorQuery::default()
        };
        batch::page(cx, scope, from, LONGEST_PAGE, (&api::LIST, query), |workspace_id, flavor| {
            (FlavorKey { workspace_id, id: Id(flavor.id) }, flavor)
        })
        .await
    }

    async fn complete(cx: &Cx<Client>, item: Seen<api::Flavor>) -> Result<Seen<api::Flavor>, Diag> {
        scope::complete(cx, item).await
    }

    fn observe(remote: &Seen<api::Flavor>, since: Since<'_, Self>) -> Result<Self, Diag> {
        let Some((workspace, flavor)) = remote.found() else { return scope::unseen(&since) };
        let (Some(body), Some(metadata)) = (&flavor.body, &flavor.metadata) else {
            return Err(NOUN.unreadable(&flavor.name));
        };
        if !body.is_custom && matches!(since, Since::Import(_)) {
            return Err(built_in(&body.kind, &flavor.name)
                .fix("To read it, use the data source:\n  data \"zenml_flavor\" \"NAME\" { … }"));
        }
        Ok(Self {
            workspace_id: OrServer::from_option(workspace.map(Id)),
            id: Computed::known(Id(flavor.id)),
            name: flavor.name.clone(),
            kind: body.kind.clone(),
            source: body.source.clone(),
            config_schema: OrDefault(metadata.config_schema.to_string()),
            display_name: OrServer::from_option(body.display_name.clone()),
            integration: OrDefault(body.integration.clone().unwrap_or_default()),
            connector_type: said(metadata.connector_type.as_ref()),
            connector_resource_type: said(metadata.connector_resource_type.as_ref()),
            connector_resource_id_attr: said(metadata.connector_resource_id_attr.as_ref()),
            logo_url: said(body.logo_url.as_ref()),
            docs_url: said(metadata.docs_url.as_ref()),
            sdk_docs_url: said(metadata.sdk_docs_url.as_ref()),
            user_id: Computed::known(body.user_id.map(Id)),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(body.updated.to_string()),
        })
    }

    async fn create(cx: &Cx<Client>, plan: Self) -> Result<Self, Diag> {
        let server = scope::open(cx, plan.home()).await?;
        succession::settle(cx);
        let mut flavor = make(&server, &plan).await?;
        cx.save(&Self { id: Computed::known(Id(flavor.id)), ..plan.clone() });
        let shown = flavor.body.as_ref().and_then(|body| body.display_name.as_ref());
        if let Some(wanted) = plan.display_name.as_ref().filter(|wanted| shown != Some(wanted)) {
            // A server takes a name to show only when it changes a flavor.
            let derived = Self { display_name: OrServer::from_option(shown.cloned()), ..plan.clone() };
            cx.save(&Self::observe(&Seen::on(&server, flavor.clone()), Since::Answer(&derived))?);
            let change = FlavorUpdate { display_name: Patch::Set(wanted.clone()), ..FlavorUpdate::default() };
            let changed = server.api.send(&api::UPDATE, flavor.id, (), change).await;
            flavor = changed.map_err(|error| failed("name", &plan.name, &error))?;
        }
        Self::observe(&Seen::on(&server, flavor), Since::Answer(&plan))
    }

    async fn update(cx: &Cx<Client>, current: Current<Self>, plan: Self) -> Result<Self, Diag> {
        let prior = current.model;
        let id = prior.id.get()?.0;
        let server = scope::open(cx, plan.home().or(prior.home())).await?;
        succession::settle(cx);
        let change = change(&prior, &plan)?;
        let changed = if change == FlavorUpdate::default() {
            look(&server.api, id).await?
        } else {
            let outcome = server.api.send(&api::UPDATE, id, (), change).await.optional();
            outcome.map_err(|error| failed("change", &plan.name, &error))?
        };
        let changed =
            changed.ok_or_else(|| NOUN.lost(&plan.name, prior.home(), plan.home(), Self::WORKSPACE_ID))?;
        Self::observe(&Seen::on(&server, changed), Since::Answer(&plan))
    }

    async fn delete(cx: &Cx<Client>, prior: Self) -> Result<(), Diag> {
        let Some(server) = scope::open_to_delete(cx, prior.home()).await? else { return Ok(()) };
        let id = prior.id.get()?.0;
        // A server deletes what it came with like anything else, and everybody would miss it.
        let stored = look(&server.api, id).await?;
        if stored.is_some_and(|flavor| flavor.body.is_some_and(|body| !body.is_custom)) {
            return Err(built_in(&prior.kind, &prior.name)
                .fix("To forget it without deleting it:\n  terraform state rm ADDRESS"));
        }
        match server.api.call(&api::DELETE, id).await.optional() {
            Ok(_) => Ok(()),
            Err(error) if error.is_in_use() => {
                let fate = succession::fate(cx, Some(&prior.kind), prior.home());
                retirement::retire(cx, &server.api, id, &prior, &fate).await
            }
            Err(error) => Err(failed("delete", &prior.name, &error)),
        }
    }

    fn claim(values: &Partial<Self>) -> Option<Claim> {
        NOUN.claim(values.get(Self::WORKSPACE_ID), values.get(Self::NAME), &[values.get(Self::TYPE)])
    }

    async fn plan(cx: &Cx<Client>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        // A component of it can be planned before the server has it.
        if let Some(client) = cx.client_if_known()
            && let (Some(kind), Some(name)) = (plan.get(Self::TYPE).known(), plan.get(Self::NAME).known())
        {
            client.announce_flavor(&kind, &name);
        }
        scope::plan_home(cx, plan, Self::WORKSPACE_ID).await?;
        foresee(cx, plan, Self::NAME, Some(Self::TYPE), Self::WORKSPACE_ID)?;
        let Some(prior) = plan.prior() else { return Ok(()) };
        let (is_owned, is_named) = (prior.user_id.as_ref().is_some(), prior.display_name.as_ref().is_some());
        if is_named && plan.config().get(Self::DISPLAY_NAME).is_null() {
            plan.keep(Self::DISPLAY_NAME);
        }
        if is_owned {
            plan.keep(Self::USER_ID);
        }
        let sends = plan.changes(Self::SOURCE)
            || plan.changes(Self::CONFIG_SCHEMA)
            || plan.changes(Self::DISPLAY_NAME)
            || plan.changes(Self::INTEGRATION)
            || plan.changes(Self::CONNECTOR_TYPE)
            || plan.changes(Self::CONNECTOR_RESOURCE_TYPE)
            || plan.changes(Self::CONNECTOR_RESOURCE_ID_ATTR)
            || plan.changes(Self::LOGO_URL)
            || plan.changes(Self::DOCS_URL)
            || plan.changes(Self::SDK_DOCS_URL)
            || plan.changes(Self::WORKSPACE_ID);
        if !sends {
            plan.keep(Self::UPDATED);
        }
        Ok(())
    }

    async fn import(cx: &Cx<Client>, id: ImportId<'_, FlavorKey>) -> Result<Imported<Self>, Diag> {
        let text = match id {
            ImportId::Key(key) => return Ok(Imported::Key(key)),
            ImportId::Text(text) => text,
        };
        let Named { workspace, object } = import::typed(cx.client().await?, text).await?;
        let id = match object {
            IdOrName::Id(id) => id,
            IdOrName::Name(name) => {
                let (kind, name) = name.split_once('/').ok_or_else(|| unreadable_import(text))?;
                let server = scope::open(cx, workspace).await?;
                let found = named(&server.api, kind, name).await?;
                found.ok_or_else(|| missing(kind, name, &server))?.id
            }
        };
        Ok(Imported::Key(FlavorKey { workspace_id: workspace.map(Id), id: Id(id) }))
    }
}

impl Flavor {
    /// The workspace that the flavor says it is in.
    fn home(&self) -> Option<WorkspaceId> {
        self.workspace_id.as_ref().map(|id| id.0)
    }

    fn schema(&self) -> Result<JsonMap, Diag> {
        serde_json::from_str(&self.config_schema).map_err(|error| {
            Diag::error("The schema of the flavor is no JSON object")
                .why(error.to_string())
                .fix("Write it with jsonencode.")
                .at(Self::CONFIG_SCHEMA)
        })
    }
}

/// Creates the flavor. After a lost answer it is taken over only because it was not there before.
async fn make(server: &Server, plan: &Flavor) -> Result<api::Flavor, Diag> {
    let exists = |flavor: Option<&api::Flavor>| match flavor {
        Some(flavor) if flavor.body.as_ref().is_some_and(|body| !body.is_custom) => {
            built_in(&plan.kind, &plan.name).fix("Choose another name.").at(Flavor::NAME)
        }
        other => NOUN.exists(&plan.name, server.workspace_id, other.map(|other| other.id), Flavor::NAME),
    };
    let look = || named(&server.api, &plan.kind, &plan.name);
    if let Some(existing) = look().await? {
        if retirement::is_retired(&existing) {
            return revive(server, existing.id, plan).await;
        }
        return Err(exists(Some(&existing)));
    }
    let request = FlavorCreate {
        name: plan.name.clone(),
        kind: plan.kind.clone(),
        config_schema: plan.schema()?,
        source: plan.source.clone(),
        integration: Some(plan.integration.to_string()),
        connector_type: said(plan.connector_type.as_ref()),
        connector_resource_type: said(plan.connector_resource_type.as_ref()),
        connector_resource_id_attr: said(plan.connector_resource_id_attr.as_ref()),
        logo_url: said(plan.logo_url.as_ref()),
        docs_url: said(plan.docs_url.as_ref()),
        sdk_docs_url: said(plan.sdk_docs_url.as_ref()),
        is_custom: None,
    };
    let answer = server.api.send(&api::CREATE, (), (), request).await;
    creation::outcome(answer, look(), exists, |error| failed("create", &plan.name, error)).await
}

/// Makes the new flavor of the old one, which components use: they find their flavor by its name, and could not be read
/// without it.
async fn revive(server: &Server, id: FlavorId, plan: &Flavor) -> Result<api::Flavor, Diag> {
    let text = |value: &Option<String>| said(value.as_ref()).map_or(Patch::Clear, Patch::Set);
    let change = FlavorUpdate {
        source: Patch::Set(plan.source.clone()),
        config_schema: Patch::Set(plan.schema()?),
        // Without a name to show the server derives one.
        display_name: Patch::Set(plan.display_name.as_ref().cloned().unwrap_or_default()),
        integration: Patch::Set(plan.integration.to_string()),
        connector_type: text(&plan.connector_type),
        connector_resource_type: text(&plan.connector_resource_type),
        connector_resource_id_attr: text(&plan.connector_resource_id_attr),
        logo_url: text(&plan.logo_url),
        docs_url: text(&plan.docs_url),
        sdk_docs_url: text(&plan.sdk_docs_url),
        ..FlavorUpdate::default()
    };
    let changed = server.api.send(&api::UPDATE, id, (), change).await;
    changed.map_err(|error| failed("create", &plan.name, &error))
}

/// What an update sends.
fn change(prior: &Flavor, plan: &Flavor) -> Result<FlavorUpdate, Diag> {
    let between = |prior: &Option<String>, plan: &Option<String>| {
        Patch::between(said(prior.as_ref()).as_ref(), said(plan.as_ref()))
    };
    Ok(FlavorUpdate {
        source: Patch::between(Some(&prior.source), Some(plan.source.clone())),
        config_schema: if prior.config_schema == plan.config_schema {
            Patch::Keep
        } else {
            Patch::Set(plan.schema()?)
        },
        display_name: match plan.display_name.as_ref() {
            Some(wanted) if prior.display_name.as_ref() != Some(wanted) => Patch::Set(wanted.clone()),
            _ => Patch::Keep,
        },
        integration: Patch::between(Some(&*prior.integration), Some(plan.integration.to_string())),
        connector_type: between(&prior.connector_type, &plan.connector_type),
        connector_resource_type: between(&prior.connector_resource_type, &plan.connector_resource_type),
        connector_resource_id_attr: between(
            &prior.connector_resource_id_attr,
            &plan.connector_resource_id_attr,
        ),
        logo_url: between(&prior.logo_url, &plan.logo_url),
        docs_url: between(&prior.docs_url, &plan.docs_url),
        sdk_docs_url: between(&prior.sdk_docs_url, &plan.sdk_docs_url),
        ..FlavorUpdate::default()
    })
}

async fn look(api: &Api, id: FlavorId) -> Result<Option<api::Flavor>, Diag> {
    let found = api.call(&api::GET, id).await.optional();
    found.map_err(|error| cannot(format_args!("read flavor {id}"), Needs::WORKSPACE_VIEWER, &error))
}

/// The flavor of a type and a name, with all that is known of it.
async fn named(api: &Api, kind: &str, name: &str) -> Result<Option<api::Flavor>, Diag> {
    let query = FlavorQuery {
        name: text::exactly(name),
        kind: vec![kind.to_owned()],
        hydrate: Some(true),
        ..FlavorQuery::default()
    };
    let flavors = api.list_all(&api::LIST, (), query).await;
    let flavors = flavors.map_err(|error| {
        cannot(format_args!("look for the flavor {name:?}"), Needs::WORKSPACE_VIEWER, &error)
    })?;
    let is_wanted = |flavor: &api::Flavor| {
        flavor.name == name && flavor.body.as_ref().is_some_and(|body| body.kind == kind)
    };
    Ok(flavors.into_iter().find(is_wanted))
}

fn built_in(kind: &str, name: &str) -> Diag {
    Diag::error(format!("The flavor {name:?} of type {kind:?} is built in"))
        .why("It comes with ZenML, and everybody in the workspace uses it. Terraform neither changes nor deletes it.")
}

fn failed(verb: &str, name: &str, error: &ApiError) -> Diag {
    cannot(format_args!("{verb} flavor {name:?}"), Needs::WORKSPACE_ADMIN, error)
}

fn missing(kind: &str, name: &str, server: &Server) -> Diag {
    NOUN.missing(name, server.workspace_id)
        .why(format!("A flavor is looked for among those of its type, {kind:?}."))
}

fn unreadable_import(text: &str) -> Diag {
    Diag::error(format!("The import id {text:?} cannot be read"))
        .why("An import id of this type has the form ID, TYPE/NAME, WORKSPACE/ID or WORKSPACE/TYPE/NAME.")
        .fix("A name alone does not tell which flavor is meant: flavors of other types can have it, too.")
}
