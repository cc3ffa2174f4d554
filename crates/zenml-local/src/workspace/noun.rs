//! What the nouns of a workspace have in common: finding an object, and permission for it.
//!
//! A ZenML server looks an object up before it asks for permission: an unknown id is 404, a known one that the
//! caller may not touch is 403. So a [`Found`] comes first, and `tx.allow::<Read, _>(found)` makes of it the proof
//! that the queries of the noun ask for.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row as _;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::rbac::{Kind, Object, Owner, Resource, Target, WorkspacePlace};
use crate::store::{Row, Tx};

/// A kind of objects in a workspace.
pub(crate) trait Noun: Send + Sync + 'static {
    /// The kind, for permissions.
    const KIND: Kind;

    /// What messages call it.
    const WORDS: &'static str;

    /// Reads name and owner of the object `$2` in workspace `$1`.
    const FIND: &'static str;

    /// Whether objects without an owner belong to everyone; otherwise to nobody.
    const SERVER_OWNED: bool = true;
}

/// All objects of a kind in one workspace.
#[derive(Debug)]
pub(crate) struct All<N> {
    /// The workspace.
    pub(crate) place: WorkspacePlace,
    noun: PhantomData<fn() -> N>,
}

impl<N: Noun> All<N> {
    /// All objects of the kind.
    pub(crate) const fn of(place: WorkspacePlace) -> Self {
        Self { place, noun: PhantomData }
    }
}

impl<N: Noun> Object for All<N> {
    fn target(&self) -> Target {
        Target::in_workspace(self.place, Resource::all(N::KIND))
    }
}

/// An object that exists; what may be done with it is another question.
#[derive(Debug)]
pub(crate) struct Found<N> {
    /// The workspace.
    pub(crate) place: WorkspacePlace,
    /// The object.
    pub(crate) id: Uuid,
    /// Its name.
    pub(crate) name: String,
    /// Its owner on the control plane; `None` for what belongs to the server.
    pub(crate) owner: Option<Uuid>,
    noun: PhantomData<fn() -> N>,
}

impl<N> Clone for Found<N> {
    fn clone(&self) -> Self {
        Self { place: self.place, id: self.id, name: self.name.clone(), owner: self.owner, noun: PhantomData }
    }
}

impl<N: Noun> Found<N> {
    /// An object whose row was read.
    pub(crate) const fn new(place: WorkspacePlace, id: Uuid, name: String, owner: Option<Uuid>) -> Self {
        Self { place, id, name, owner, noun: PhantomData }
    }

    /// Its name for permissions.
    pub(crate) const fn resource(&self) -> Resource {
        Resource::one(N::KIND, self.id)
    }
}

impl<N: Noun> Object for Found<N> {
    fn target(&self) -> Target {
        Target::in_workspace(self.place, self.resource()).owned_by(owner::<N>(self.owner))
    }
}

/// Whose an object is.
pub(crate) fn owner<N: Noun>(account: Option<Uuid>) -> Owner {
    match account {
        Some(account) => Owner::Account(account),
        None if N::SERVER_OWNED => Owner::Everyone,
        None => Owner::Nobody,
    }
}

/// Finds an object by its id; 404 if there is none.
pub(crate) async fn find<N: Noun>(tx: &mut Tx, place: WorkspacePlace, id: Uuid) -> Result<Found<N>> {
    let row = sqlx::query(N::FIND)
        .bind(place.workspace.to_string())
        .bind(id.to_string())
        .fetch_optional(tx.sql())
        .await?
        .ok_or_else(|| Error::no_object(N::WORDS, id))?;
    Ok(Found::new(place, id, row.try_get(0)?, optional_id(&row, 1)?))
}

/// Reads an id from a column.
pub(crate) fn id_at(row: &Row, index: usize) -> Result<Uuid> {
    Uuid::try_parse(row.try_get(index)?).map_err(|error| Error::internal("a stored id is damaged", error))
}

/// Reads an id, or nothing, from a column.
pub(crate) fn optional_id(row: &Row, index: usize) -> Result<Option<Uuid>> {
    match row.try_get::<Option<&str>, _>(index)? {
        None => Ok(None),
        Some(_) => id_at(row, index).map(Some),
    }
}

/// The text of a JSON column.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::internal("a value has no JSON form", error))
}

/// Reads a JSON column.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| Error::internal("a stored JSON value is damaged", error))
}

/// Reads a JSON column that may be null.
pub(crate) fn from_optional_json<T: DeserializeOwned>(text: Option<&str>) -> Result<Option<T>> {
    text.map(from_json).transpose()
}
