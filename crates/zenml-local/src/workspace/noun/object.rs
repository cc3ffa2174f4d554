//! Objects of a workspace, as they are stored and as permissions name them.
//!
//! A ZenML server looks an object up before it asks for permission: an unknown id is 404, a known one that the
//! caller may not touch is 403. So a [`Found`] comes first, and `tx.allow::<Read, _>(found)` makes of it the proof
//! that the queries ask for. A [`Stored`] comes out of a query that had its proof.

use std::borrow::Cow;
use std::marker::PhantomData;

use uuid::Uuid;
use zenml_api::Identifier;

use crate::error::Result;
use crate::rbac::{Allowed, Create, Kind, Object, Owner, Resource, Target, WorkspacePlace};
use crate::store::now;
use crate::workspace::cells::{Cells, Values};
use crate::workspace::list::{self, Column};

/// A kind of objects in a workspace, as the columns that it has beyond those that all have.
pub(crate) trait Noun: Sized + Send + Sync + 'static {
    /// The kind, for permissions.
    const KIND: Kind;

    /// What messages call it.
    const WORDS: &'static str;

    /// Its table. It has the columns `id`, `workspace_id`, `name`, `created` and `updated`.
    const TABLE: &'static str;

    /// The columns of its own, in the order of [`read`](Self::read) and [`write`](Self::write).
    const COLUMNS: &'static [&'static str];

    /// Whose objects are.
    const OWNED: Owned;

    /// Whether objects are in a project: there is a column `project_id`.
    const IN_PROJECT: bool = false;

    /// Fields that lists can be sorted by.
    const SORTABLE: &'static [&'static str];

    /// Whether the server sorts a list as asked. Of some it only checks the field.
    const SORTED: bool = true;

    /// Its identifier.
    type Id: Identifier;

    /// Reads the columns of its own.
    ///
    /// # Errors
    /// The stored value is damaged.
    fn read(cells: &mut Cells<'_>) -> Result<Self>;

    /// Writes the columns of its own.
    ///
    /// # Errors
    /// A value has no JSON form.
    fn write(&self, values: &mut Values<'_>) -> Result<()>;

    /// Where the values of a field of its own are, for filters and order. The alias of the table is `t`.
    fn column(field: &str) -> Column;
}

/// Whose the objects of a kind are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owned {
    /// The account's that created them; those without an owner are the server's and so everyone's.
    AccountOrServer,
    /// The account's that created them; those without an owner are nobody's.
    Account,
    /// Nobody's: there is no column `owner_id`.
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
    /// The project, for kinds that are in one.
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

/// An object that exists; what may be done with it is another question.
#[derive(Debug)]
pub(crate) struct Found<N> {
    /// The workspace.
    pub(crate) place: WorkspacePlace,
    /// The project, for kinds that are in one.
    pub(crate) project: Option<Uuid>,
    /// The object.
    pub(crate) id: Uuid,
    /// Its name.
    pub(crate) name: String,
    /// Its owner on the control plane; `None` for what belongs to the server.
    pub(crate) owner: Option<Uuid>,
    pub(super) noun: PhantomData<fn() -> N>,
}

impl<N> Clone for Found<N> {
    fn clone(&self) -> Self {
        Self { name: self.name.clone(), ..*self }
    }
}

impl<N: Noun> Found<N> {
    /// Its name for permissions.
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

/// An object with its columns. Only a query that took a proof gives one, or the permission to create one.
#[derive(Debug)]
pub(crate) struct Stored<N: Noun> {
    pub(super) id: N::Id,
    /// The project, for kinds that are in one.
    pub(crate) project: Option<Uuid>,
    /// The owner's id on the control plane.
    pub(crate) owner: Option<Uuid>,
    /// The name.
    pub(crate) name: String,
    /// When it was created.
    pub(crate) created: String,
    /// When it was last changed.
    pub(crate) updated: String,
    /// The columns of its own.
    pub(crate) own: N,
}

impl<N: Noun> Stored<N> {
    /// A new object, with an id of its own.
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

    /// The object without its columns, to ask for another permission.
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
