//! An organization always has an active admin: the rule for everything that can remove one.
//!
//! An admin counts if the account is active and can log in: a user with a password, or a service account with a valid
//! key. It makes no difference whether it has the role itself or through a team; a team without such members does not
//! count. If there was no such admin before, the rule rejects nothing.

use zenml_api::{OrganizationId, UserId};

use crate::error::{Error, Result};
use crate::rbac::policy::ORGANIZATION_ADMIN;
use crate::store::{Query, Sql, now};

/// Whether an organization had an admin before a change; check again after the change.
#[must_use = "the rule only holds if it is checked again after the change"]
#[derive(Debug)]
pub(super) struct Watch {
    organization: OrganizationId,
    had_admin: bool,
}

impl Watch {
    /// Checks an organization before a change of its roles, teams or accounts.
    pub(super) async fn before_change(sql: &mut Sql, organization: OrganizationId) -> Result<Self> {
        Ok(Self { organization, had_admin: has_admin(sql, organization).await? })
    }

    /// Rejects the change if it removed the last admin.
    ///
    /// # Errors
    /// 403; the transaction must be rolled back.
    pub(super) async fn after_change(self, sql: &mut Sql) -> Result<()> {
        if !self.had_admin || has_admin(sql, self.organization).await? {
            return Ok(());
        }
        let mut query = Query::new("SELECT name FROM organization WHERE id = ");
        query.push_bind(self.organization.to_string());
        let name: Option<String> = query.build_query_scalar().fetch_optional(sql).await?;
        Err(refusal(&name.unwrap_or_else(|| self.organization.to_string())))
    }
}

/// Rejects the deletion or deactivation of an account that is the last admin of an organization.
///
/// # Errors
/// 403 that names one such organization.
pub(super) async fn require_others(sql: &mut Sql, account: UserId) -> Result<()> {
    let id = account.to_string();
    let mut query =
        Query::new("SELECT o.name FROM role r CROSS JOIN organization o WHERE o.id = r.organization_id");
    push_role(&mut query);
    query.push(
        " AND (EXISTS (SELECT 1 FROM assignment s WHERE s.role_id = r.id AND s.principal_kind = 'user' \
         AND s.principal_id = ",
    );
    query.push_bind(id.clone());
    query.push(
        ") OR EXISTS (SELECT 1 FROM team_member m CROSS JOIN assignment s WHERE m.kind = 'user' AND s.role_id = r.id \
         AND s.principal_kind = 'team' AND s.principal_id = m.team_id AND m.member_id = ",
    );
    query.push_bind(id.clone());
    query.push(")) AND EXISTS (SELECT 1 FROM account a WHERE a.id = ").push_bind(id);
    push_can_act(&mut query);
    query.push(") AND NOT ");
    push_has_admin(&mut query, "o.id", Some(account));
    query.push(" LIMIT 1");
    let alone: Option<String> = query.build_query_scalar().fetch_optional(sql).await?;
    alone.map_or(Ok(()), |organization| Err(refusal(&organization)))
}

/// The same for the platform: rejects removing its last administrator.
///
/// # Errors
/// 403.
pub(super) async fn require_other_superuser(sql: &mut Sql, account: UserId) -> Result<()> {
    let mut query = Query::new("SELECT 1 FROM account a WHERE a.is_superuser = 1 AND a.id <> ");
    query.push_bind(account.to_string());
    push_can_act(&mut query);
    query.push(" LIMIT 1");
    query.build().fetch_optional(sql).await?.map(drop).ok_or_else(|| {
        Error::forbidden("The platform must keep at least one active administrator who can log in.")
    })
}

fn refusal(organization: &str) -> Error {
    let role = ORGANIZATION_ADMIN.name;
    Error::forbidden(format!(
        "The last {role} of organization '{organization}' cannot be removed: no other active account that can log \
         in has this role, directly or through a team. Assign the role to another account first."
    ))
}

async fn has_admin(sql: &mut Sql, organization: OrganizationId) -> Result<bool> {
    let mut query = Query::new("SELECT 1 FROM organization o WHERE o.id = ");
    query.push_bind(organization.to_string()).push(" AND ");
    push_has_admin(&mut query, "o.id", None);
    Ok(query.build().fetch_optional(sql).await?.is_some())
}

/// Adds a condition: the organization in a column has an active admin other than the account `except`.
fn push_has_admin(query: &mut Query, organization: &str, except: Option<UserId>) {
    let holders = [
        "assignment s CROSS JOIN account a WHERE s.principal_kind = 'user' AND a.id = s.principal_id",
        "assignment s CROSS JOIN team_member m CROSS JOIN account a WHERE s.principal_kind = 'team' \
         AND m.team_id = s.principal_id AND m.kind = 'user' AND a.id = m.member_id",
    ];
    for (holder, separator) in holders.into_iter().zip(["(", " OR "]) {
        query.push(separator).push("EXISTS (SELECT 1 FROM role r CROSS JOIN ").push(holder);
        query.push(format_args!(" AND s.role_id = r.id AND r.organization_id = {organization}"));
        push_role(query);
        push_can_act(query);
        if let Some(account) = except {
            query.push(" AND a.id <> ").push_bind(account.to_string());
        }
        query.push(")");
    }
    query.push(")");
}

/// Adds ` AND …`: role `r` is the admin role.
fn push_role(query: &mut Query) {
    query.push(" AND r.system_managed = 1 AND r.level = ").push_bind(ORGANIZATION_ADMIN.level.as_str());
    query.push(" AND r.name = ").push_bind(ORGANIZATION_ADMIN.name);
}

/// Adds ` AND …`: account `a` is active and can log in.
fn push_can_act(query: &mut Query) {
    query.push(
        " AND a.is_active = 1 AND CASE a.is_service_account WHEN 0 THEN a.password_hash IS NOT NULL ELSE EXISTS \
         (SELECT 1 FROM api_key k WHERE k.account_id = a.id AND k.is_active = 1 \
         AND (k.expires IS NULL OR k.expires > ",
    );
    query.push_bind(now()).push(")) END");
}
