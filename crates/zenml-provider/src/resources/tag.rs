//! `zenml_tag`: a colored label for pipelines, runs, models and artifacts.

use tfkit::check::one_of;
use tfkit::{Computed, Diag, Model, OrDefault, OrServer, Since};
use zenml_api::workspace::tag::{self as api, TagCreate, TagQuery, TagUpdate};
use zenml_api::{Patch, TagId, UserId, WorkspaceId};

use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::text::is_one_line;
use crate::in_workspace::{Filter, Found, InWorkspace, Lookup, Noun, Place, change, filter};

/// A tag for pipelines, runs, models and artifacts of a workspace.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "tag", key = Place<TagId>, import = "NAME")]
#[model(since = "3.1.0", needs = Needs::WORKSPACE_ADMIN.text())]
pub struct Tag {
    /// ID of the workspace that contains the tag. Default: the provider's workspace. Null on an open-source server.
    #[attr(key = optional, replace)]
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// ID of the tag.
    #[attr(key, stable)]
    pub id: Computed<Id<TagId>>,
    /// Name of the tag, unique in its workspace.
    #[attr(
        check = length(1..=255),
        check = pattern("not contain tabs or line breaks", is_one_line),
        check = pattern("not be a UUID", |name| name.parse::<TagId>().is_err())
    )]
    pub name: String,
    /// Color of the tag. Default: chosen by the server when the tag is created.
    #[attr(stable, check = in_plan(one_of(&api::COLORS)))]
    pub color: OrServer<String>,
    /// Whether only one object of each kind can have the tag at a time, such as one run of a pipeline.
    #[attr(default = false)]
    pub exclusive: OrDefault<bool>,
    /// ID of the user in the workspace who owns the tag. Null if the server owns it.
    #[attr(stable)]
    pub user_id: Computed<Option<Id<UserId>>>,
    /// When the tag was created.
    #[attr(stable)]
    pub created: Computed<String>,
    /// When the tag was last updated.
    pub updated: Computed<String>,
}

impl InWorkspace for Tag {
    type Wire = api::Tag;
    type Beside = ();
    const NOUN: Noun = Noun { words: "tag", resource: "zenml_tag" };
    const FILTERS: &'static [Filter<TagQuery, api::Tag>] = &[Filter {
        name: "color",
        description: "List only tags of this color.",
        check: Some(|| one_of(&api::COLORS)),
        narrow: |query, color| TagQuery { color: vec![color.to_owned()], ..query },
        keeps: |tag, color| filter::is(tag.body.as_ref().and_then(|body| body.color.as_deref()), color),
    }];

    fn wanted(&self) -> Result<TagCreate, Diag> {
        let color = self.color.as_ref().cloned();
        Ok(TagCreate { name: self.name.clone(), color, exclusive: *self.exclusive })
    }

    fn change(prior: &Self, plan: &Self) -> Result<Option<TagUpdate>, Diag> {
        Ok(change::any(TagUpdate {
            name: Patch::between(Some(&prior.name), Some(plan.name.clone())),
            color: change::chosen(&prior.color, &plan.color),
            exclusive: Patch::between(Some(&*prior.exclusive), Some(*plan.exclusive)),
        }))
    }

    fn observe(found: &Found<'_, Self>, _: Since<'_, Self>) -> Result<Self, Diag> {
        let body = found.body(&found.object.body)?;
        Ok(Self {
            workspace_id: found.workspace_id(),
            id: found.id(),
            name: found.name(),
            color: OrServer::from_option(body.color.clone()),
            exclusive: OrDefault(body.exclusive),
            user_id: Computed::known(body.user_id.map(Id)),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(body.updated.to_string()),
        })
    }
}

/// Looks up an existing tag by ID or name.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "tag", kind = data_source, rule = tfkit::check::Rule::AtLeastOneOf(&["id", "name"]))]
#[model(since = "3.1.0", needs = Needs::WORKSPACE_VIEWER.text())]
pub struct TagData {
    /// ID of the workspace that contains the tag. Default: the provider's workspace. Null on an open-source server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// ID of the tag. If `name` is also set, both must identify the same tag.
    pub id: OrServer<Id<TagId>>,
    /// Name of the tag.
    pub name: OrServer<String>,
    /// Color of the tag.
    pub color: Computed<Option<String>>,
    /// Whether only one object of each kind can have the tag at a time.
    pub exclusive: Computed<bool>,
    /// Number of objects that have the tag.
    pub tagged_count: Computed<u64>,
    /// ID of the user in the workspace who owns the tag. Null if the server owns it.
    pub user_id: Computed<Option<Id<UserId>>>,
    /// When the tag was created.
    pub created: Computed<String>,
    /// When the tag was last updated.
    pub updated: Computed<String>,
}

impl Lookup for TagData {
    type Of = Tag;

    fn observe(found: &Found<'_, Tag>) -> Result<Self, Diag> {
        let body = found.body(&found.object.body)?;
        Ok(Self {
            workspace_id: found.workspace_id(),
            id: OrServer::known(Id(found.object.id)),
            name: OrServer::known(found.name()),
            color: Computed::known(body.color.clone()),
            exclusive: Computed::known(body.exclusive),
            tagged_count: Computed::known(found.object.metadata.unwrap_or_default().tagged_count),
            user_id: Computed::known(body.user_id.map(Id)),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(body.updated.to_string()),
        })
    }
}
