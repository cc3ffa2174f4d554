//! Tags: colored words on pipelines, runs, models and artifacts.

use serde::{Deserialize, Serialize};

use crate::workspace::crud::crud;
use crate::workspace::object::{Look, Object, Owned};
use crate::workspace::page::{Page, list_query};
use crate::{Endpoint, Patch, TagId, Timestamp, UserId};

/// Creates a tag.
pub const CREATE: Endpoint<(), (), TagCreate, Tag> = Endpoint::post("/tags");

/// Lists all tags: everyone in the workspace has access to them.
pub const LIST: Endpoint<(), TagQuery, (), Page<Tag>> = Endpoint::get("/tags");

/// One tag, by id only.
pub const GET: Endpoint<TagId, Look, (), Tag> = Endpoint::get("/tags/{tag_id}");

/// Changes a tag.
pub const UPDATE: Endpoint<TagId, (), TagUpdate, Tag> = Endpoint::put("/tags/{tag_id}");

/// Deletes a tag, and removes it from all objects.
pub const DELETE: Endpoint<TagId, (), (), ()> = Endpoint::delete("/tags/{tag_id}");

/// The colors that a tag can have.
pub const COLORS: [&str; 11] =
    ["grey", "purple", "red", "green", "yellow", "orange", "lime", "teal", "turquoise", "magenta", "blue"];

/// A tag.
pub type Tag = Object<TagId, TagBody, TagMetadata, Owned>;

crud!(Tag, TagQuery, TagCreate, TagUpdate);

list_query! {
    /// Query of [`LIST`].
    TagQuery {
        /// Id.
        id,
        /// Name.
        name,
        /// Color, one of [`COLORS`].
        color,
        /// Id or name of the owner.
        user,
        /// When it was created.
        created,
        /// When it was last changed.
        updated,
    } options {
        /// Whether an object can have only one tag of this name.
        exclusive: bool,
        /// Ignored: a server replaces it with the caller.
        scope_user: UserId,
    }
}

/// Fields of a new tag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TagCreate {
    /// At most 255 characters, not empty and not a UUID; unique in the workspace.
    pub name: String,
    /// One of [`COLORS`]; by default, the server picks one at random. Null is rejected.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::lax::nothing_for_null"
    )]
    pub color: Option<String>,
    /// Whether only one object of a type can have the tag.
    #[serde(default)]
    pub exclusive: bool,
}

/// An update of a tag. The server responds to null with 500.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TagUpdate {
    /// New name. A name of more than 255 characters is stored, and then the tag and all lists are unreadable.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub name: Patch<String>,
    /// New color.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub color: Patch<String>,
    /// Whether only one object of a type can have the tag.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub exclusive: Patch<bool>,
}

/// Fields in lists of a tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TagBody {
    /// When it was created.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// Local id of the owner.
    #[serde(default)]
    pub user_id: Option<UserId>,
    /// Color, one of [`COLORS`].
    #[serde(default)]
    pub color: Option<String>,
    /// Whether only one object of a type can have the tag.
    pub exclusive: bool,
}

/// Additional fields in single reads of a tag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TagMetadata {
    /// How many objects have the tag.
    pub tagged_count: u64,
}
