//! Nobody grants more than they have: the rule for everything that gives a role to somebody, directly or through a team,
//! for keys of service accounts, and for the permissions of custom roles.
//!
//! Ownership of single objects does not count, because a role is about all objects in its scope. Administrators of the
//! platform can grant everything.

use std::collections::BTreeSet;

use zenml_api::OrganizationId;

use super::scope::AssignmentsIn;
use crate::error::{Error, Result};
use crate::rbac::permission::Permission;
use crate::rbac::policy::ORGANIZATION_ADMIN;
use crate::rbac::role::Role;
use crate::rbac::{Action, Object as _, Principal, Target, Tx};
use crate::store::column;

/// Rejects a grant of a role with more permissions than the caller has in the scope.
///
/// # Errors
/// 403 that names what the caller lacks.
pub(super) async fn require_role(tx: &mut Tx, name: &str, role: &Role, scope: AssignmentsIn) -> Result<()> {
    let lacking = lacking(tx, role.permissions(), scope).await?;
    if lacking.is_empty() {
        return Ok(());
    }
    Err(refusal(&format!("grant role '{name}'"), &lacking))
}

/// Rejects permissions of a custom role that the caller does not have in the whole organization, where the role can be
/// assigned.
///
/// # Errors
/// 403 that names what the caller lacks.
pub(super) async fn require_permissions(
    tx: &mut Tx,
    name: &str,
    permissions: &BTreeSet<Permission>,
    scope: AssignmentsIn,
) -> Result<()> {
    let lacking = lacking(tx, permissions.iter().copied().collect(), scope).await?;
    if lacking.is_empty() {
        return Ok(());
    }
    Err(refusal(&format!("add these permissions to role '{name}'"), &lacking))
}

/// Rejects a change that lets somebody act with everything that a principal has: a place in a team, or the key of a
/// service account. `what` completes "You cannot …".
///
/// # Errors
/// 403 that names what the caller lacks.
pub(super) async fn require_as_much_as(
    tx: &mut Tx,
    what: &str,
    principal: Principal,
    organization: OrganizationId,
) -> Result<()> {
    let everywhere = AssignmentsIn { organization, workspace: None, project: None };
    if lacking(tx, Role::from(ORGANIZATION_ADMIN).permissions(), everywhere).await?.is_empty() {
        return Ok(());
    }
    let rows = sqlx::query(
        "SELECT DISTINCT r.level, r.name, r.allows, x.workspace_id, x.project_id FROM \
         (SELECT $1 AS kind, $2 AS id UNION ALL \
          SELECT 'team', team_id FROM team_member WHERE kind = $1 AND member_id = $2) p \
         CROSS JOIN assignment x CROSS JOIN role r WHERE x.principal_kind = p.kind AND x.principal_id = p.id \
         AND x.organization_id = $3 AND r.id = x.role_id",
    )
    .bind(principal.kind())
    .bind(principal.id().to_string())
    .bind(organization.to_string())
    .fetch_all(tx.sql())
    .await?;
    for row in rows {
        let (level, name) = (column::text(&row, "level")?, column::text(&row, "name")?);
        let Some(role) = Role::read(&level, &name, &column::text(&row, "allows")?) else { continue };
        let scope = AssignmentsIn {
            organization,
            workspace: column::optional_id(&row, "workspace_id")?,
            project: column::optional_id(&row, "project_id")?,
        };
        let lacking = lacking(tx, role.permissions(), scope).await?;
        if !lacking.is_empty() {
            return Err(refusal(&format!("{what} with the role '{name}'"), &lacking));
        }
    }
    Ok(())
}

async fn lacking(tx: &mut Tx, permissions: Vec<Permission>, scope: AssignmentsIn) -> Result<Vec<Permission>> {
    if tx.actor().identity().is_some_and(|identity| identity.is_superuser) {
        return Ok(Vec::new());
    }
    let mut lacking = Vec::new();
    for permission in permissions {
        let target = Target { kind: permission.kind, ..scope.target() };
        if !tx.permits(permission.action, &target).await? {
            lacking.push(permission);
        }
    }
    Ok(lacking)
}

fn refusal(what: &str, lacking: &[Permission]) -> Error {
    const SHOWN: usize = 5;
    let words = |permission: &Permission| match permission.action {
        Action::Enter => format!("log in to the {}", permission.kind.words()),
        action => format!("{} on {}", action.as_str().replace('_', " "), permission.kind.words()),
    };
    let mut list = lacking.iter().take(SHOWN).map(words).collect::<Vec<_>>().join(", ");
    if lacking.len() > SHOWN {
        list = format!("{list}, and {} more", lacking.len() - SHOWN);
    }
    Error::forbidden(format!(
        "You cannot {what}, because nobody can grant more than they have. You lack these permissions there: {list}."
    ))
}
