//! Workspaces as permissions name them.

use zenml_api::{IdOrName, Identifier, OrganizationId, UserId, WorkspaceId};

use crate::error::{Error, Result};
use crate::rbac::{Kind, Object, Owner, Resource, Target, WorkspacePlace, not_found};
use crate::store::{Sql, column};

/// Workspaces of an organization, or of all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WorkspacesOf(pub(crate) Option<OrganizationId>);

/// One workspace, with its organization and its owner.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WorkspaceAt {
    pub(super) id: WorkspaceId,
    organization: OrganizationId,
    owner: UserId,
}

impl Object for WorkspacesOf {
    fn target(&self) -> Target {
        let organization = self.0.map(Identifier::uuid).unwrap_or_default();
        Target::in_organization(organization, Kind::Workspace, None)
    }
}

impl Object for WorkspaceAt {
    fn target(&self) -> Target {
        Target::in_workspace(self.place(), Resource::one(Kind::Workspace, self.id.uuid()))
            .owned_by(Owner::Account(self.owner.uuid()))
    }
}

impl WorkspaceAt {
    /// A workspace that is being created.
    pub(super) const fn new(id: WorkspaceId, organization: OrganizationId, owner: UserId) -> Self {
        Self { id, organization, owner }
    }

    /// Finds a workspace. Does not decide whether the caller has access to it.
    pub(crate) async fn locate(sql: &mut Sql, id: WorkspaceId) -> Result<Self> {
        Self::locate_by(sql, &IdOrName::Id(id)).await
    }

    pub(super) async fn locate_by(sql: &mut Sql, which: &IdOrName<WorkspaceId>) -> Result<Self> {
        let (statement, text) = match which {
            IdOrName::Id(id) => {
                ("SELECT id, organization_id, owner_id FROM workspace WHERE id = $1", id.to_string())
            }
            IdOrName::Name(name) => {
                ("SELECT id, organization_id, owner_id FROM workspace WHERE name = $1", name.clone())
            }
        };
        let row =
            sqlx::query(statement).bind(text).fetch_optional(sql).await?.ok_or_else(|| unknown(which))?;
        Ok(Self {
            id: column::id(&row, "id")?,
            organization: column::id(&row, "organization_id")?,
            owner: column::id(&row, "owner_id")?,
        })
    }

    /// Its organization.
    pub(crate) const fn organization(&self) -> OrganizationId {
        self.organization
    }

    /// Its location, as permissions name it.
    pub(crate) fn place(&self) -> WorkspacePlace {
        WorkspacePlace { organization: self.organization.uuid(), workspace: self.id.uuid() }
    }
}

/// The error is the same for a workspace that does not exist and for one that the caller has no access to.
pub(super) fn unknown(which: &IdOrName<WorkspaceId>) -> Error {
    match which {
        IdOrName::Id(id) => {
            not_found(&Target::in_organization(uuid::Uuid::nil(), Kind::Workspace, Some(id.uuid())))
        }
        IdOrName::Name(name) => Error::not_found(format!("Workspace '{name}' was not found.")),
    }
}
