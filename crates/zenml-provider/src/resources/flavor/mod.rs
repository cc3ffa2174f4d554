//! `zenml_flavor`: a custom implementation of a stack component type.

mod data;
mod planned;
mod retirement;

use tfkit::{Computed, Cx, Diag, Dyn, Maybe, Model, OrDefault, OrServer, Partial, Plan, Since};
use zenml_api::workspace::JsonMap;
use zenml_api::workspace::component::ALL_TYPES;
use zenml_api::workspace::flavor::{self as api, FlavorCreate, FlavorQuery, FlavorUpdate};
use zenml_api::{FlavorId, Patch, UserId, WorkspaceId};
use zenml_client::Optional as _;

pub use self::data::FlavorData;
pub(crate) use self::planned::is_planned;
pub(crate) use self::retirement::release;
use crate::client::Client;
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::scope::{self, Server};
use crate::in_workspace::text::{self, non_empty};
use crate::in_workspace::{Filter, Found, InWorkspace, Noun, Place, change, filter, import, read, write};
use crate::resources::stack_component::kind;
use crate::succession::{self, note_successor};

/// A custom flavor of stack components: a Python class, and the settings that its components take.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "flavor", key = Place<FlavorId>)]
#[model(since = "3.1.0", needs = Needs::WORKSPACE_ADMIN.text())]
#[model(import = "TYPE/NAME")]
pub struct Flavor {
    /// ID of the workspace that contains the flavor. Default: the provider's workspace. Null on an open-source server.
    #[attr(key = optional, replace)]
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// ID of the flavor.
    #[attr(key, stable)]
    pub id: Computed<Id<FlavorId>>,
    /// Name of the flavor, unique among the flavors of its type. Components refer to their flavor by this name.
    #[attr(replace, check = length(1..=255), check = pattern("not contain tabs or line breaks", text::is_one_line))]
    pub name: String,
    /// Type of the components that use the flavor.
    #[attr(name = "type", replace, check = in_plan(one_of(&ALL_TYPES)))]
    pub kind: String,
    /// Python class of the flavor, including its module, such as `my_package.flavors.MyFlavor`. The server does not
    /// check it.
    #[attr(check = length(1..=255))]
    pub source: String,
    /// JSON schema of the component configuration, as a JSON string. An empty schema accepts every setting.
    #[attr(default = "{}", same = json_text, check = in_plan(custom("be a JSON object, encoded as a string", is_json_object)))]
    pub config_schema: OrDefault<String>,
    /// Display name. Default: derived from `name` by the server.
    #[attr(stable, check = length(1..=255))]
    pub display_name: OrServer<String>,
    /// Integration that the flavor belongs to.
    #[attr(default = "custom", check = length(1..=255))]
    pub integration: OrDefault<String>,
    /// Type of the service connector that the flavor accepts, such as `aws`. Omit it to accept any type that offers
    /// `connector_resource_type`.
    #[attr(same = empty_is_null, check = length(..=255))]
    pub connector_type: Option<String>,
    /// Type of the resource that a service connector must offer, such as `s3-bucket`.
    #[attr(same = empty_is_null, check = length(..=255))]
    pub connector_resource_type: Option<String>,
    /// Setting of the component that holds the ID of the connector's resource, such as `path`.
    #[attr(same = empty_is_null, check = length(..=255))]
    pub connector_resource_id_attr: Option<String>,
    /// URL of the logo.
    #[attr(same = empty_is_null)]
    pub logo_url: Option<String>,
    /// URL of the documentation.
    #[attr(same = empty_is_null)]
    pub docs_url: Option<String>,
    /// URL of the documentation of the Python class.
    #[attr(same = empty_is_null)]
    pub sdk_docs_url: Option<String>,
    /// ID of the user in the workspace who owns the flavor. Null if the server owns it.
    #[attr(stable)]
    pub user_id: Computed<Option<Id<UserId>>>,
    /// When the flavor was created.
    #[attr(stable)]
    pub created: Computed<String>,
    /// When the flavor was last updated.
    pub updated: Computed<String>,
}

fn is_json_object(value: &Dyn) -> bool {
    value.as_str().is_none_or(|text| serde_json::from_str::<JsonMap>(text).is_ok())
}

impl InWorkspace for Flavor {
    type Wire = api::Flavor;
    type Beside = ();
    const NOUN: Noun = Noun { words: "flavor", resource: "zenml_flavor" };
    /// A flavor has several KiB because of its schema, and there are many more built-in flavors than custom ones.
    const LONGEST_PAGE: u64 = 25;
    const FILTERS: &'static [Filter<FlavorQuery, api::Flavor>] = &[
        Filter {
            name: "type",
            description: "List only flavors of this type of component, such as `orchestrator`.",
            check: Some(kind::possible),
            narrow: |query, kind| FlavorQuery { kind: vec![kind.to_owned()], ..query },
            keeps: |flavor, kind| filter::is(Self::kind_of(flavor), kind),
        },
        Filter {
            name: "integration",
            description: "List only flavors of this integration.",
            check: None,
            narrow: |query, name| FlavorQuery { integration: vec![name.to_owned()], ..query },
            keeps: |flavor, name| {
                filter::is(flavor.body.as_ref().and_then(|body| body.integration.as_deref()), name)
            },
        },
    ];

    fn wanted(&self) -> Result<FlavorCreate, Diag> {
        Ok(FlavorCreate {
            name: self.name.clone(),
            kind: self.kind.clone(),
            config_schema: self.schema()?,
            source: self.source.clone(),
            integration: Some(self.integration.to_string()),
            connector_type: non_empty(self.connector_type.as_ref()),
            connector_resource_type: non_empty(self.connector_resource_type.as_ref()),
            connector_resource_id_attr: non_empty(self.connector_resource_id_attr.as_ref()),
            logo_url: non_empty(self.logo_url.as_ref()),
            docs_url: non_empty(self.docs_url.as_ref()),
            sdk_docs_url: non_empty(self.sdk_docs_url.as_ref()),
            is_custom: None,
        })
    }

    fn change(prior: &Self, plan: &Self) -> Result<Option<FlavorUpdate>, Diag> {
        let between = |prior: &Option<String>, plan: &Option<String>| {
            Patch::between(non_empty(prior.as_ref()).as_ref(), non_empty(plan.as_ref()))
        };
        let has_same_schema = prior.config_schema == plan.config_schema;
        Ok(change::any(FlavorUpdate {
            source: Patch::between(Some(&prior.source), Some(plan.source.clone())),
            config_schema: if has_same_schema { Patch::Keep } else { Patch::Set(plan.schema()?) },
            display_name: change::chosen(&prior.display_name, &plan.display_name),
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
        }))
    }

    fn observe(found: &Found<'_, Self>, since: Since<'_, Self>) -> Result<Self, Diag> {
        let body = found.body(&found.object.body)?;
        let metadata = found.body(&found.object.metadata)?;
        if !body.is_custom && matches!(since, Since::Import(_)) {
            return Err(built_in(&body.kind, &found.name())
                .fix("To read it, use the data source:\n  data \"zenml_flavor\" \"NAME\" { … }"));
        }
        Ok(Self {
            workspace_id: found.workspace_id(),
            id: found.id(),
            name: found.name(),
            kind: body.kind.clone(),
            source: body.source.clone(),
            config_schema: OrDefault(metadata.config_schema.to_string()),
            display_name: OrServer::from_option(body.display_name.clone()),
            integration: OrDefault(body.integration.clone().unwrap_or_default()),
            connector_type: non_empty(metadata.connector_type.as_ref()),
            connector_resource_type: non_empty(metadata.connector_resource_type.as_ref()),
            connector_resource_id_attr: non_empty(metadata.connector_resource_id_attr.as_ref()),
            logo_url: non_empty(body.logo_url.as_ref()),
            docs_url: non_empty(metadata.docs_url.as_ref()),
            sdk_docs_url: non_empty(metadata.sdk_docs_url.as_ref()),
            user_id: Computed::known(body.user_id.map(Id)),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(body.updated.to_string()),
        })
    }

    /// Lists custom flavors before built-in ones.
    fn query(query: FlavorQuery) -> FlavorQuery {
        FlavorQuery { sort_by: Some("desc:created".to_owned()), ..query }
    }

    /// Built-in flavors are part of ZenML.
    fn is_manageable(flavor: &api::Flavor) -> bool {
        !is_built_in(flavor)
    }

    fn unfamiliar(arguments: &Dyn) -> Vec<Diag> {
        kind::unfamiliar_in(arguments)
    }

    fn kind_of(flavor: &api::Flavor) -> Option<&str> {
        flavor.body.as_ref().map(|body| body.kind.as_str())
    }

    fn kind(&self) -> Option<&str> {
        Some(&self.kind)
    }

    fn of_kind(query: FlavorQuery, kind: &str) -> FlavorQuery {
        FlavorQuery { kind: vec![kind.to_owned()], ..query }
    }

    fn name_group(&self) -> String {
        format!("flavor of {}", self.kind)
    }

    fn claims(values: &Partial<Self>) -> Vec<Maybe<String>> {
        vec![values.get(Self::TYPE)]
    }

    fn exists(&self, server: &Server, other: Option<&api::Flavor>) -> Diag {
        match other {
            Some(flavor) if is_built_in(flavor) => {
                built_in(&self.kind, &self.name).fix("Choose another name.").at(Self::NAME)
            }
            _ => Self::NOUN.exists(&self.name, server.workspace_id, other.map(|other| other.id), Self::NAME),
        }
    }

    async fn create(cx: &Cx<Client>, plan: Self) -> Result<Self, Diag> {
        let server = scope::open(cx, write::home_of(&plan)).await?;
        succession::forget_successor(cx);
        let flavor = match write::with_name(&server, &plan).await? {
            Some(existing) if retirement::is_retired(&existing) => {
                revive(&server, existing.id, &plan).await?
            }
            Some(existing) => return Err(plan.exists(&server, Some(&existing))),
            None => write::create_on(&server, &plan).await?,
        };
        write::save_created(cx, &plan, flavor.id)?;
        let flavor = with_display_name(cx, &server, flavor, &plan).await?;
        read::observed(&server, &flavor, &plan)
    }

    async fn delete(cx: &Cx<Client>, prior: Self) -> Result<(), Diag> {
        let home = write::home_of(&prior);
        let Some(server) = scope::open_to_delete(cx, home).await? else { return Ok(()) };
        let id = prior.id.get()?.0;
        // A server also deletes built-in flavors, which everyone in the workspace shares.
        let stored = read::look::<Self>(&server.api, id).await?;
        if stored.is_some_and(|flavor| is_built_in(&flavor)) {
            return Err(built_in(&prior.kind, &prior.name)
                .fix("To remove it from the state without deleting it:\n  terraform state rm ADDRESS"));
        }
        match server.api.call(&api::DELETE, id).await.optional() {
            Ok(_) => Ok(()),
            Err(error) if error.is_in_use() => {
                let successor = succession::successor(cx, Some(&prior.kind), home);
                retirement::retire(cx, &server.api, id, &prior, successor.as_deref()).await
            }
            Err(error) => Err(prior.failed("delete", &error)),
        }
    }

    async fn plan(cx: &Cx<Client>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        // A component with this flavor can be planned before the server has the flavor.
        if let Some(client) = cx.client_if_known()
            && let (Some(kind), Some(name)) = (plan.get(Self::TYPE).known(), plan.get(Self::NAME).known())
        {
            planned::remember(client, kind, name);
        }
        note_successor(cx, plan, Self::NAME, Some(Self::TYPE), Self::WORKSPACE_ID)?;
        Ok(())
    }

    async fn import(cx: &Cx<Client>, text: &str) -> Result<Place<FlavorId>, Diag> {
        import::by_type_and_name::<Self>(cx, text).await
    }
}

impl Flavor {
    fn schema(&self) -> Result<JsonMap, Diag> {
        serde_json::from_str(&self.config_schema).map_err(|error| {
            Diag::error("The schema of the flavor is not a JSON object")
                .why(error.to_string())
                .fix("Use jsonencode to write it.")
                .at(Self::CONFIG_SCHEMA)
        })
    }
}

/// Sets the display name, which a server accepts only in an update.
async fn with_display_name(
    cx: &Cx<Client>,
    server: &Server,
    flavor: api::Flavor,
    plan: &Flavor,
) -> Result<api::Flavor, Diag> {
    let shown = flavor.body.as_ref().and_then(|body| body.display_name.as_ref());
    let Some(wanted) = plan.display_name.as_ref().filter(|wanted| shown != Some(wanted)) else {
        return Ok(flavor);
    };
    let derived = Flavor { display_name: OrServer::from_option(shown.cloned()), ..plan.clone() };
    cx.save(&read::observed(server, &flavor, &derived)?);
    let change = FlavorUpdate { display_name: Patch::Set(wanted.clone()), ..FlavorUpdate::default() };
    let changed = server.api.send(&api::UPDATE, flavor.id, (), change).await;
    changed.map_err(|error| plan.failed("name", &error))
}

/// Turns the retired flavor into the new one. Components refer to their flavor by its name, and could not be read
/// without it.
async fn revive(server: &Server, id: FlavorId, plan: &Flavor) -> Result<api::Flavor, Diag> {
    let text = |value: &Option<String>| non_empty(value.as_ref()).map_or(Patch::Clear, Patch::Set);
    let change = FlavorUpdate {
        source: Patch::Set(plan.source.clone()),
        config_schema: Patch::Set(plan.schema()?),
        // Without a display name the server derives one.
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
    changed.map_err(|error| plan.failed("create", &error))
}

fn is_built_in(flavor: &api::Flavor) -> bool {
    flavor.body.as_ref().is_some_and(|body| !body.is_custom)
}

fn built_in(kind: &str, name: &str) -> Diag {
    Diag::error(format!("The flavor {name:?} of type {kind:?} is built in")).why(
        "It is part of ZenML and shared by everyone in the workspace, so Terraform does not change or \
         delete it.",
    )
}
