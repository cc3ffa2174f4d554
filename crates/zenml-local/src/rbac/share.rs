//! The permission interface of workspaces, modeled on `/rbac/*`: check, allowed ids, share, forget.
//!
//! Embedded workspaces call it in process, enrolled ones through the routes of the same names. Both get the same
//! results, because there is only this code.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::Row as _;
use uuid::Uuid;

use super::action::{Action, Actions, Share};
use super::holdings::Holdings;
use super::proof::Allowed;
use super::resource::{Kind, Object, Resource, Target, WorkspacePlace};
use super::tx::Tx;
use crate::error::{Error, Result};
use crate::store::{Sql, now};

/// The objects of a kind that an account may do an action to, beyond its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AllowedIds {
    /// All of them.
    pub(crate) full_access: bool,
    /// Otherwise, these.
    pub(crate) ids: BTreeSet<Uuid>,
}

/// Who can hold a role or a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Principal {
    /// A person or a service account, by its control-plane id.
    User(Uuid),
    /// A team.
    Team(Uuid),
    /// A pending invitation, which can hold roles, but no shares.
    Invitation(Uuid),
}

impl Principal {
    /// Returns the kind as stored in the database.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Team(_) => "team",
            Self::Invitation(_) => "invitation",
        }
    }

    /// Creates a principal from its kind in the database.
    pub(crate) fn from_kind(kind: &str, id: Uuid) -> Self {
        match kind {
            "team" => Self::Team(id),
            "invitation" => Self::Invitation(id),
            _ => Self::User(id),
        }
    }

    /// The id.
    pub(crate) const fn id(self) -> Uuid {
        match self {
            Self::User(id) | Self::Team(id) | Self::Invitation(id) => id,
        }
    }
}

/// A share of one object, as listed among its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// The principal.
    pub(crate) principal: Principal,
    /// The granted actions.
    pub(crate) actions: Actions,
}

/// One object of a workspace, for sharing it or reading its shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SharedObject {
    /// The workspace.
    pub(crate) place: WorkspacePlace,
    /// The object.
    pub(crate) resource: Resource,
    /// Its owner, if known.
    pub(crate) owner: super::resource::Owner,
}

impl Object for SharedObject {
    fn target(&self) -> Target {
        Target::in_workspace(self.place, self.resource).owned_by(self.owner)
    }
}

/// Returns for each resource whether an account may do `action` to it. The workspace itself handles ownership.
pub(crate) async fn check(
    sql: &mut Sql,
    place: WorkspacePlace,
    account: Uuid,
    action: Action,
    resources: &[Resource],
) -> Result<BTreeMap<Resource, bool>> {
    let decisions = Holdings::of(account).allow_all(sql, action, place, resources).await?;
    Ok(resources.iter().copied().zip(decisions).collect())
}

/// Returns which objects of a kind an account may do `action` to.
pub(crate) async fn allowed_ids(
    sql: &mut Sql,
    place: WorkspacePlace,
    account: Uuid,
    action: Action,
    kind: Resource,
) -> Result<AllowedIds> {
    let target = Target::in_workspace(place, Resource { id: None, ..kind });
    let mut holdings = Holdings::of(account);
    if holdings.allow(sql, action, &target).await? {
        return Ok(AllowedIds { full_access: true, ids: BTreeSet::new() });
    }
    let ids = holdings.ids(sql, action, &target).await?.into_iter().collect();
    Ok(AllowedIds { full_access: false, ids })
}

/// Replaces the actions that a principal may do to an object by share; an empty set removes the share.
pub(crate) async fn share(
    tx: &mut Tx,
    allowed: &Allowed<Share, SharedObject>,
    principal: Principal,
    actions: Actions,
) -> Result<()> {
    let SharedObject { place, resource, .. } = *allowed.object();
    if resource.id.is_none() {
        return Err(Error::forbidden(format!(
            "'{resource}' names a kind of resource; only single objects can be shared."
        )));
    }
    require_principal(tx.sql(), place.organization, principal).await?;
    let (workspace, object) = (place.workspace.to_string(), resource.to_string());
    sqlx::query(
        "DELETE FROM share WHERE workspace_id = $1 AND resource = $2 AND principal_kind = $3 AND principal_id = $4",
    )
    .bind(&workspace)
    .bind(&object)
    .bind(principal.kind())
    .bind(principal.id().to_string())
    .execute(tx.sql())
    .await?;
    if !actions.is_empty() {
        sqlx::query(
            "INSERT INTO share (workspace_id, resource, principal_kind, principal_id, actions, created) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(&workspace)
        .bind(&object)
        .bind(principal.kind())
        .bind(principal.id().to_string())
        .bind(actions.to_text())
        .bind(now())
        .execute(tx.sql())
        .await?;
    }
    tx.forget_rights();
    let who = describe(tx.sql(), principal).await?;
    let change = if actions.is_empty() {
        format!("no longer with {who}")
    } else {
        format!("with {who}: {}", actions.to_text())
    };
    tx.detail(allowed, &change);
    Ok(())
}

/// Deletes the shares of deleted objects; for a deleted project, those of everything in it, including roles.
pub(crate) async fn forget(sql: &mut Sql, workspace: Uuid, resources: &[Resource]) -> Result<()> {
    let workspace = workspace.to_string();
    for resource in resources {
        sqlx::query("DELETE FROM share WHERE workspace_id = $1 AND resource = $2")
            .bind(&workspace)
            .bind(resource.to_string())
            .execute(&mut *sql)
            .await?;
        if let (Kind::Project, Some(project)) = (resource.kind, resource.id) {
            sqlx::query("DELETE FROM share WHERE workspace_id = $1 AND resource >= $2 AND resource < $3")
                .bind(&workspace)
                .bind(format!("{project}:"))
                // The character after the colon.
                .bind(format!("{project};"))
                .execute(&mut *sql)
                .await?;
            sqlx::query("DELETE FROM assignment WHERE workspace_id = $1 AND project_id = $2")
                .bind(&workspace)
                .bind(project.to_string())
                .execute(&mut *sql)
                .await?;
        }
    }
    Ok(())
}

/// Lists the shares of an object.
pub(crate) async fn members(
    sql: &mut Sql,
    object: &Allowed<super::Read, SharedObject>,
) -> Result<Vec<Member>> {
    let rows = sqlx::query(
        "SELECT principal_kind, principal_id, actions FROM share WHERE workspace_id = $1 AND resource = $2 \
         ORDER BY principal_kind, principal_id",
    )
    .bind(object.place.workspace.to_string())
    .bind(object.resource.to_string())
    .fetch_all(sql)
    .await?;
    rows.iter()
        .map(|row| {
            let id = Uuid::try_parse(row.try_get(1)?)
                .map_err(|error| Error::internal("a stored id is invalid", error))?;
            let principal = Principal::from_kind(row.try_get(0)?, id);
            Ok(Member { principal, actions: Actions::from_text(row.try_get(2)?) })
        })
        .collect()
}

/// Returns the name of a principal, for the audit trail.
pub(crate) async fn describe(sql: &mut Sql, principal: Principal) -> Result<String> {
    let statement = match principal {
        Principal::User(_) => "SELECT username FROM account WHERE id = $1",
        Principal::Team(_) => "SELECT name FROM team WHERE id = $1",
        Principal::Invitation(_) => "SELECT email FROM invitation WHERE id = $1",
    };
    let id = principal.id().to_string();
    let name: Option<String> = sqlx::query_scalar(statement).bind(&id).fetch_optional(sql).await?;
    Ok(format!("{} {}", principal.kind(), name.unwrap_or(id)))
}

/// Rejects principals that do not belong to the organization. The status is 403, the only one whose message a real
/// workspace server passes on to its caller.
async fn require_principal(sql: &mut Sql, organization: Uuid, principal: Principal) -> Result<()> {
    let belongs = match principal {
        Principal::User(id) => Holdings::of(id).belongs_to(sql, organization).await?,
        Principal::Team(id) => sqlx::query("SELECT 1 FROM team WHERE id = $1 AND organization_id = $2")
            .bind(id.to_string())
            .bind(organization.to_string())
            .fetch_optional(sql)
            .await?
            .is_some(),
        Principal::Invitation(_) => false,
    };
    if belongs {
        return Ok(());
    }
    let (kind, id) = (principal.kind(), principal.id());
    Err(Error::forbidden(format!("The {kind} '{id}' does not belong to the workspace's organization.")))
}
