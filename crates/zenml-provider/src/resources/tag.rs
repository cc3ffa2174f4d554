//! `zenml_tag`: a word with a colour that is put on pipelines, runs, models and artifacts.

use tfkit::{
    Claim, Computed, Current, Cx, DataSource, Diag, ImportId, Imported, Model, OrDefault, OrServer, Page,
    Partial, Plan, Resource, Since,
};
use zenml_api::workspace::tag::{self as api, TagCreate, TagQuery, TagUpdate};
use zenml_api::{Patch, TagId, UserId, WorkspaceId};
use zenml_client::{Api, ApiError, Optional as _};

use crate::client::Client;
use crate::failure::{Needs, cannot};
use crate::id::Id;
use crate::in_workspace::batch;
use crate::in_workspace::creation;
use crate::in_workspace::lookup::{self, Wanted};
use crate::in_workspace::object::{self, Noun};
use crate::in_workspace::scope::{self, Seen, Server};

const NOUN: Noun = Noun { words: "tag", resource: "zenml_tag" };

/// A tag that can be put on pipelines, runs, models and artifacts of a workspace.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "tag")]
pub struct Tag {
    /// Workspace that the tag is in. Default: the provider's workspace. Null on an open-source server.
    #[attr(key = optional, replace)]
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// Identifier of the tag.
    #[attr(key, stable)]
    pub id: Computed<Id<TagId>>,
    /// Name of the tag, unique in its workspace. It cannot be a UUID.
    #[attr(
        check = length(1..=255),
        check = pattern("have no tab and no line break", object::is_one_line),
        check = pattern("not be a UUID, because ids look like that", is_no_id)
    )]
    pub name: String,
    /// Colour of the tag: `grey`, `purple`, `red`, `green`, `yellow`, `orange`, `lime`, `teal`, `turquoise`, `magenta` or
    /// `blue`. Default: the server draws one when the tag is made.
    #[attr(check = in_plan(one_of(&api::COLORS)))]
    pub color: OrServer<String>,
    /// Whether only one object of a kind can have the tag at a time, such as one run of a pipeline. Default: `false`.
    #[attr(default = false)]
    pub exclusive: OrDefault<bool>,
    /// Owner of the tag, as the workspace knows the account. Null when it belongs to the server.
    #[attr(stable)]
    pub user_id: Computed<Option<Id<UserId>>>,
    /// When the tag was made.
    #[attr(stable)]
    pub created: Computed<String>,
    /// When the tag was last changed.
    pub updated: Computed<String>,
}

/// Tags on one page of a list: less than 1 KiB each.
const LONGEST_PAGE: u64 = 400;

fn is_no_id(name: &str) -> bool {
    name.parse::<TagId>().is_err()
}

impl Resource for Tag {
    type Model = Self;
    type Client = Client;
    type Remote = Seen<api::Tag>;

    async fn fetch(cx: &Cx<Client>, key: &TagKey) -> Result<Option<Seen<api::Tag>>, Diag> {
        scope::read(cx, key.workspace_id, async |server| look(&server.api, key.id.0).await).await
    }

    fn scope(_: &Cx<Client>, key: &TagKey) -> Option<String> {
        Some(batch::scope_of(key.workspace_id))
    }

    async fn page(
        cx: &Cx<Client>,
        scope: &str,
        from: Option<u64>,
    ) -> Result<Page<TagKey, Seen<api::Tag>>, Diag> {
        let query = TagQuery { hydrate: Some(true), ..TagQuery::default() };
        batch::page(cx, scope, from, LONGEST_PAGE, (&api::LIST, query), |workspace_id, tag| {
            (TagKey { workspace_id, id: Id(tag.id) }, tag)
        })
        .await
    }

    async fn complete(cx: &Cx<Client>, item: Seen<api::Tag>) -> Result<Seen<api::Tag>, Diag> {
        scope::complete(cx, item).await
    }

    fn observe(remote: &Seen<api::Tag>, since: Since<'_, Self>) -> Result<Self, Diag> {
        let Some((workspace, tag)) = remote.found() else { return scope::unseen(&since) };
        let body = tag.body.as_ref().ok_or_else(|| NOUN.unreadable(&tag.name))?;
        Ok(Self {
            workspace_id: OrServer::from_option(workspace.map(Id)),
            id: Computed::known(Id(tag.id)),
            name: tag.name.clone(),
            color: OrServer::from_option(body.color.clone()),
            exclusive: OrDefault(body.exclusive),
            user_id: Computed::known(body.user_id.map(Id)),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(body.updated.to_string()),
        })
    }

    async fn create(cx: &Cx<Client>, plan: Self) -> Result<Self, Diag> {
        let server = scope::open(cx, plan.home()).await?;
        let tag = make(&server, &plan).await?;
        cx.save(&Self { id: Computed::known(Id(tag.id)), ..plan.clone() });
        Self::observe(&Seen::on(&server, tag), Since::Answer(&plan))
    }

    async fn update(cx: &Cx<Client>, current: Current<Self>, plan: Self) -> Result<Self, Diag> {
        let prior = current.model;
        let id = prior.id.get()?.0;
        let server = scope::open(cx, plan.home().or(prior.home())).await?;
        let change = change(&prior, &plan);
        let changed = if change == TagUpdate::default() {
            look(&server.api, id).await?
        } else {
            match server.api.send(&api::UPDATE, id, (), change).await {
                Err(ApiError::Conflict(_)) => {
                    let other = with_name(&server.api, &plan.name).await?.map(|other| other.id);
                    return Err(NOUN.exists(&plan.name, server.workspace_id, other, Self::NAME));
                }
                outcome => outcome.optional().map_err(|error| failed("change", &plan.name, &error))?,
            }
        };
        let changed =
            changed.ok_or_else(|| NOUN.lost(&plan.name, prior.home(), plan.home(), Self::WORKSPACE_ID))?;
        Self::observe(&Seen::on(&server, changed), Since::Answer(&plan))
    }

    async fn delete(cx: &Cx<Client>, prior: Self) -> Result<(), Diag> {
        let Some(server) = scope::open_to_delete(cx, prior.home()).await? else { return Ok(()) };
        let gone = server.api.call(&api::DELETE, prior.id.get()?.0).await.optional();
        gone.map(|_| ()).map_err(|error| failed("delete", &prior.name, &error))
    }

    fn claim(values: &Partial<Self>) -> Option<Claim> {
        NOUN.claim(values.get(Self::WORKSPACE_ID), values.get(Self::NAME), &[])
    }

    async fn plan(cx: &Cx<Client>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        scope::plan_home(cx, plan, Self::WORKSPACE_ID).await?;
        let Some(prior) = plan.prior() else { return Ok(()) };
        let is_owned = prior.user_id.as_ref().is_some();
        // A colour that was drawn stays.
        if prior.color.as_ref().is_some() && plan.config().get(Self::COLOR).is_null() {
            plan.keep(Self::COLOR);
        }
        if is_owned {
            plan.keep(Self::USER_ID);
        }
        let sends = plan.changes(Self::NAME)
            || plan.changes(Self::COLOR)
            || plan.changes(Self::EXCLUSIVE)
            || plan.changes(Self::WORKSPACE_ID);
        if !sends {
            plan.keep(Self::UPDATED);
        }
        Ok(())
    }

    async fn import(cx: &Cx<Client>, id: ImportId<'_, TagKey>) -> Result<Imported<Self>, Diag> {
        let text = match id {
            ImportId::Key(key) => return Ok(Imported::Key(key)),
            ImportId::Text(text) => text,
        };
        let wanted = object::named(cx.client().await?, text).await?;
        let with_name = async |server: &Server, name: &str| with_name(&server.api, name).await;
        let (workspace_id, id) = object::located(cx, NOUN, wanted, with_name).await?;
        Ok(Imported::Key(TagKey { workspace_id, id }))
    }
}

impl Tag {
    /// The workspace that the tag says it is in.
    fn home(&self) -> Option<WorkspaceId> {
        self.workspace_id.as_ref().map(|id| id.0)
    }
}

/// Creates the tag. After a lost answer it is taken over only because it was not there before.
async fn make(server: &Server, plan: &Tag) -> Result<api::Tag, Diag> {
    let exists = |existing: Option<&api::Tag>| {
        NOUN.exists(&plan.name, server.workspace_id, existing.map(|existing| existing.id), Tag::NAME)
    };
    let look = || with_name(&server.api, &plan.name);
    if let Some(existing) = look().await? {
        return Err(exists(Some(&existing)));
    }
    let request = TagCreate {
        name: plan.name.clone(),
        color: plan.color.as_ref().cloned(),
        exclusive: *plan.exclusive,
    };
    let answer = server.api.send(&api::CREATE, (), (), request).await;
    creation::outcome(answer, look(), exists, |error| failed("create", &plan.name, error)).await
}

/// What an update sends.
fn change(prior: &Tag, plan: &Tag) -> TagUpdate {
    TagUpdate {
        name: Patch::between(Some(&prior.name), Some(plan.name.clone())),
        color: match plan.color.as_ref() {
            Some(wanted) if prior.color.as_ref() != Some(wanted) => Patch::Set(wanted.clone()),
            _ => Patch::Keep,
        },
        exclusive: Patch::between(Some(&*prior.exclusive), Some(*plan.exclusive)),
    }
}

async fn look(api: &Api, id: TagId) -> Result<Option<api::Tag>, Diag> {
    let found = api.call(&api::GET, id).await.optional();
    found.map_err(|error| cannot(format_args!("read tag {id}"), Needs::WORKSPACE_VIEWER, &error))
}

/// The tag of a name, with all that is known of it.
async fn with_name(api: &Api, name: &str) -> Result<Option<api::Tag>, Diag> {
    let query = TagQuery { name: object::exactly(name), hydrate: Some(true), ..TagQuery::default() };
    let tags = api.list_all(&api::LIST, (), query).await;
    let tags =
        tags.map_err(|error| cannot(format_args!("look for tag {name:?}"), Needs::WORKSPACE_VIEWER, &error))?;
    Ok(tags.into_iter().find(|tag| tag.name == name))
}

fn failed(verb: &str, name: &str, error: &ApiError) -> Diag {
    cannot(format_args!("{verb} tag {name:?}"), Needs::WORKSPACE_ADMIN, error)
}

/// An existing tag, by id or by name.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "tag", kind = data_source, rule = tfkit::check::Rule::AtLeastOneOf(&["id", "name"]))]
pub struct TagData {
    /// Workspace that the tag is in. Default: the provider's workspace. Null on an open-source server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// Identifier of the tag. It decides where the name is given too.
    pub id: OrServer<Id<TagId>>,
    /// Name of the tag.
    pub name: OrServer<String>,
    /// Colour of the tag.
    pub color: Computed<Option<String>>,
    /// Whether only one object of a kind can have the tag at a time.
    pub exclusive: Computed<bool>,
    /// How many objects have the tag.
    pub tagged_count: Computed<u64>,
    /// Owner of the tag, as the workspace knows the account. Null when it belongs to the server.
    pub user_id: Computed<Option<Id<UserId>>>,
    /// When the tag was made.
    pub created: Computed<String>,
    /// When the tag was last changed.
    pub updated: Computed<String>,
}

impl DataSource for TagData {
    type Model = Self;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let wanted = Wanted::of(NOUN, config.id.as_ref().map(|id| id.0), config.name.as_ref())?;
        let server = scope::open(cx, config.workspace_id.as_ref().map(|id| id.0)).await?;
        let tag: api::Tag = match wanted {
            Wanted::Id(id, name) => {
                let read = async { server.api.call(&api::GET, id).await.optional() };
                lookup::by_id(NOUN, &server, id, name, read).await?
            }
            Wanted::Name(name) => {
                let query =
                    TagQuery { name: object::exactly(name), hydrate: Some(true), ..TagQuery::default() };
                let list = server.api.list_all(&api::LIST, (), query);
                let told = |tag: &api::Tag| format!("the tag {:?}", tag.name);
                lookup::by_name(NOUN, &server, name, list, told, "Say which one is meant by its id.").await?
            }
        };
        let body = tag.body.ok_or_else(|| NOUN.unreadable(&tag.name))?;
        Ok(Self {
            workspace_id: OrServer::from_option(server.workspace_id.map(Id)),
            id: OrServer::known(Id(tag.id)),
            name: OrServer::known(tag.name),
            color: Computed::known(body.color),
            exclusive: Computed::known(body.exclusive),
            tagged_count: Computed::known(tag.metadata.unwrap_or_default().tagged_count),
            user_id: Computed::known(body.user_id.map(Id)),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(body.updated.to_string()),
        })
    }
}
