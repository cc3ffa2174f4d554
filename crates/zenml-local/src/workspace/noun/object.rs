//! Objects of a workspace, as stored and as targets of permissions.
//!
//! A ZenML server looks an object up before it asks for permission: an unknown id is 404, a known one that the caller
//! may not touch is 403. So a [`Found`] comes first, and `tx.allow::<Read, _>(found)` turns it into the proof that
//! the queries require. A [`Stored`] is the result of a query with its proof.

use std::borrow::Cow;
use std::marker::PhantomData;

use uuid::Uuid;
use zenml_api::Identifier;

use crate::error::Result;
use crate::rbac::{Allowed, Create, Kind, Object, Owner, Resource, Target, WorkspacePlace};
use crate::store::now;
use crate::workspace::cells::{Cells, Values};
use crate::workspace::list::{self, Column};

/// A kind of objects in a workspace, with its own columns in addition to the common ones.
pub(crate) trait Noun: Sized + Send + Sync + 'static {
    /// The kind, for permissions.
    const KIND: Kind;

    /// Its name in messages.
    const WORDS: &'static str;

    /// Its table. It has the columns `id`, `workspace_id`, `name`, `created` and `updated`.
    const TABLE: &'static str;

    /// Its own columns, in the order of [`read`](Self::read) and [`write`](Self::write).
    const COLUMNS: &'static [&'static str];

    /// Who owns its objects.
    const OWNED: Owned;

    /// Whether its objects are in a project, with a column `project_id`.
    const IN_PROJECT: bool = false;

    /// Fields for sorting.
    const SORTABLE: &'static [&'static str];

    /// Whether the server sorts a list as requested. For some lists, it only validates the field.
    const SORTED: bool = true;

    /// Its identifier.
    type Id: Identifier;

    /// Reads its own columns.
    ///
    /// # Errors
    /// A stored value is damaged.
    fn read(cells: &mut Cells<'_>) -> Result<Self>;

    /// Writes its own columns.
    ///
    /// # Errors
    /// A value cannot be encoded as JSON.
    fn write(&self, values: &mut Values<'_>) -> Result<()>;

    /// Returns the source of the values of one of its own fields, for filters and sorting. The alias of the table is
    /// `t`.
    fn column(field: &str) -> Column;
}

/// Who owns the objects of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owned {
    /// The account that created them. Objects without an owner belong to the server, and so to everyone.
    AccountOrServer,
    /// The account that created them. Objects without an owner belong to nobody.
    Account,
    /// Nobody: there is no column `owner_id`.
    Nobody,
}

impl Owned {
    pub(super) const fn column(self) -> Option<&'static str> {
        match self {
            Self::AccountOrServer | Self::Account => Some("t.owner_id"),
            Self::Nobody => None,
        }
    }
}

/// All objects of a kind in one workspace, or in one of its projects.
#[derive(Debug)]
pub(crate) struct All<N> {
    /// The workspace.
    pub(crate) place: WorkspacePlace,
    /// The project, for kinds in projects.
    pub(crate) project: Option<Uuid>,
    noun: PhantomData<fn() -> N>,
}

impl<N: Noun> All<N> {
    /// All objects of the kind.
    pub(crate) const fn of(place: WorkspacePlace) -> Self {
        Self { place, project: None, noun: PhantomData }
    }

    /// All objects of the kind in a project.
    pub(crate) const fn in_project(place: WorkspacePlace, project: Uuid) -> Self {
        Self { place, project: Some(project), noun: PhantomData }
    }
}

impl<N: Noun> Object for All<N> {
    fn target(&self) -> Target {
        Target::in_workspace(self.place, Resource { kind: N::KIND, project: self.project, id: None })
    }
}

/// An existing object, without any permission.
#[derive(Debug)]
pub(crate) struct Found<N> {
    /// The workspace.
    pub(crate) place: WorkspacePlace,
    /// The project, for kinds in projects.
    pub(crate) project: Option<Uuid>,
    /// The object.
    pub(crate) id: Uuid,
    /// Its name.
    pub(crate) name: String,
    /// Its owner on the control plane; `None` for an object of the server.
    pub(crate) owner: Option<Uuid>,
    pub(super) noun: PhantomData<fn() -> N>,
}

impl<N> Clone for Found<N> {
    fn clone(&self) -> Self {
        Self { name: self.name.clone(), ..*self }
    }
}

impl<N: Noun> Found<N> {
    /// Returns its name for permissions.
    pub(crate) const fn resource(&self) -> Resource {
        Resource { kind: N::KIND, project: self.project, id: Some(self.id) }
    }

    /// Its identifier.
    pub(crate) fn key(&self) -> N::Id {
        N::Id::from_uuid(self.id)
    }
}

impl<N: Noun> Object for Found<N> {
    fn target(&self) -> Target {
        let owner = match (self.owner, N::OWNED) {
            (Some(account), _) => Owner::Account(account),
            (None, Owned::AccountOrServer) => Owner::Everyone,
            (None, Owned::Account | Owned::Nobody) => Owner::Nobody,
        };
        Target::in_workspace(self.place, self.resource()).owned_by(owner)
    }
}

/// An object with its columns. Only a query with a proof returns one, or permission to create one.
#[derive(Debug)]
pub(crate) struct Stored<N: Noun> {
    pub(super) id: N::Id,
    /// The project, for kinds in projects.
    pub(crate) project: Option<Uuid>,
    /// The owner's id on the control plane.
    pub(crate) owner: Option<Uuid>,
    /// The name.
    pub(crate) name: String,
    /// When it was created.
    pub(crate) created: String,
    /// When it was last changed.
    pub(crate) updated: String,
    /// Its own columns.
    pub(crate) own: N,
}

impl<N: Noun> Stored<N> {
    /// Creates a new object, with a new id.
    pub(crate) fn new(
        new: &Allowed<Create, All<N>>,
        owner: Option<Uuid>,
        name: impl Into<String>,
        own: N,
    ) -> Self {
        let moment = now();
        Self {
            id: N::Id::from_uuid(Uuid::new_v4()),
            project: new.project,
            owner,
            name: name.into(),
            created: moment.clone(),
            updated: moment,
            own,
        }
    }

    /// Its identifier.
    pub(crate) const fn id(&self) -> N::Id {
        self.id
    }

    /// Returns the object without its columns, to ask for another permission.
    pub(crate) fn found(&self, place: WorkspacePlace) -> Found<N> {
        Found {
            place,
            project: self.project,
            id: self.id.uuid(),
            name: self.name.clone(),
            owner: self.owner,
            noun: PhantomData,
        }
    }
}

impl<N: Noun> list::Fields for Stored<N> {
    const SORTABLE: &'static [&'static str] = N::SORTABLE;
    const SORTED: bool = N::SORTED;
}

impl<N: Noun> list::Table for Stored<N> {
    fn columns() -> Cow<'static, str> {
        let project = if N::IN_PROJECT { "t.project_id" } else { "NULL" };
        let owner = N::OWNED.column().unwrap_or("NULL");
        let mut columns = format!("t.id, {project}, {owner}, t.name, t.created, t.updated");
        for column in N::COLUMNS {
            columns.push_str(", t.");
            columns.push_str(column);
        }
        columns.into()
    }

    fn column(field: &str) -> Column {
        match field {
            "id" => Column::One("t.id"),
            "name" => Column::One("t.name"),
            "created" => Column::One("t.created"),
            "updated" => Column::One("t.updated"),
            "user" if N::OWNED != Owned::Nobody => list::OWNER,
            field => N::column(field),
        }
    }
}
