//! Invitations as objects, and their rows.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use zenml_api::control::invitation as api;
use zenml_api::{Identifier, InvitationId, OrganizationId, RoleId, UserId};

use super::{Kind, Object, Target, not_found};
use crate::error::Result;
use crate::rbac::{Act, Allowed, Create, Delete, Owner, Read, Tx};
use crate::store::{Query, Row, Sql, column, now, seconds_from_now};

/// Invitations of an organization.
#[derive(Clone, Copy, Debug)]
pub(super) struct InvitationsOf(pub(super) OrganizationId);

/// How far an invitation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::control) enum Status {
    /// It waits for a reply.
    Pending,
    /// The invitee has joined.
    Accepted,
    /// The invitee does not want to join.
    Declined,
    /// Nobody has replied in time.
    Expired,
}

impl Status {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Expired => "expired",
        }
    }

    /// Reads the status of a row at this time.
    fn of(row: &Row) -> Result<Self> {
        Ok(match column::text(row, "status")?.as_str() {
            "accepted" => Self::Accepted,
            "declined" => Self::Declined,
            "pending" if column::text(row, "expires")? > now() => Self::Pending,
            _ => Self::Expired,
        })
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One invitation, with what decides about a reply.
#[derive(Clone, Debug)]
pub(in crate::control) struct InvitationAt {
    pub(in crate::control) id: InvitationId,
    pub(in crate::control) organization: OrganizationId,
    pub(in crate::control) email: String,
    pub(in crate::control) status: Status,
    pub(super) role: RoleId,
    /// The caller, if it is the invited person.
    pub(super) invitee: Option<UserId>,
}

impl Object for InvitationsOf {
    fn target(&self) -> Target {
        Target::in_organization(self.0.uuid(), Kind::Invitation, None)
    }
}

impl Object for InvitationAt {
    fn target(&self) -> Target {
        Target::in_organization(self.organization.uuid(), Kind::Invitation, Some(self.id.uuid()))
            .owned_by(Owner::from(self.invitee.map(Identifier::uuid)))
    }
}

impl InvitationAt {
    /// Finds an invitation. Does not decide whether the caller has access to it.
    pub(in crate::control) async fn locate(tx: &mut Tx, id: InvitationId) -> Result<Self> {
        let caller = tx.actor().identity().map(|identity| identity.account);
        let row = sqlx::query(
            "SELECT i.*, EXISTS (SELECT 1 FROM account a WHERE a.id = $2 AND a.is_service_account = 0 \
             AND lower(a.email) = lower(i.email)) AS is_invitee FROM invitation i WHERE i.id = $1",
        )
        .bind(id.to_string())
        .bind(caller.map(|id| id.to_string()))
        .fetch_optional(tx.sql())
        .await?
        .ok_or_else(|| {
            not_found(&Target::in_organization(uuid::Uuid::nil(), Kind::Invitation, Some(id.uuid())))
        })?;
        let mut at = Self::of(&row)?;
        at.invitee = caller.filter(|_| column::flag(&row, "is_invitee").unwrap_or(false));
        Ok(at)
    }

    /// Reads a row of the table.
    pub(super) fn of(row: &Row) -> Result<Self> {
        Ok(Self {
            id: column::id(row, "id")?,
            organization: column::id(row, "organization_id")?,
            email: column::text(row, "email")?,
            status: Status::of(row)?,
            role: column::id(row, "role_id")?,
            invitee: None,
        })
    }
}

/// Adds ` AND …`: invitation `i` can be accepted.
fn push_pending(query: &mut Query) {
    query.push(" AND i.status = 'pending' AND i.expires > ").push_bind(now());
}

pub(super) async fn select(
    sql: &mut Sql,
    invitations: &Allowed<Read, InvitationsOf>,
    filter: &api::InvitationQuery,
) -> Result<Vec<api::Invitation>> {
    let mut query = Query::new("SELECT i.* FROM invitation i WHERE i.organization_id = ");
    query.push_bind(invitations.object().0.to_string());
    if let Some(email) = &filter.email {
        query.push(" AND lower(i.email) = lower(").push_bind(email.clone()).push(")");
    }
    if filter.only_pending.unwrap_or(true) {
        push_pending(&mut query);
    }
    query.push(" ORDER BY i.created, i.id");
    query.build().fetch_all(sql).await?.iter().map(read).collect()
}

/// The pending invitations of an account, which may always see them.
pub(super) async fn received_by(sql: &mut Sql, account: UserId) -> Result<Vec<api::Invitation>> {
    let mut query = Query::new(
        "SELECT i.* FROM account a CROSS JOIN invitation i WHERE lower(i.email) = lower(a.email) \
         AND a.is_service_account = 0 AND a.id = ",
    );
    query.push_bind(account.to_string());
    push_pending(&mut query);
    query.push(" ORDER BY i.created, i.id");
    query.build().fetch_all(sql).await?.iter().map(read).collect()
}

pub(super) async fn select_one<A: Act>(
    sql: &mut Sql,
    allowed: &Allowed<A, InvitationAt>,
) -> Result<api::Invitation> {
    let row = sqlx::query("SELECT * FROM invitation WHERE id = $1")
        .bind(allowed.id.to_string())
        .fetch_optional(sql)
        .await?
        .ok_or_else(|| not_found(&allowed.target()))?;
    read(&row)
}

/// Invitations as parts of another response, with one statement for all of them.
pub(in crate::control) async fn invitations_unchecked(
    sql: &mut Sql,
    ids: impl IntoIterator<Item = InvitationId>,
) -> Result<HashMap<InvitationId, api::Invitation>> {
    let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
    let rows = sqlx::query("SELECT i.* FROM json_each($1) j CROSS JOIN invitation i WHERE i.id = j.value")
        .bind(serde_json::Value::from(ids).to_string())
        .fetch_all(sql)
        .await?;
    rows.iter().map(|row| read(row).map(|invitation| (invitation.id, invitation))).collect()
}

/// Reads an invitation's row.
pub(in crate::control) fn read(row: &Row) -> Result<api::Invitation> {
    Ok(api::Invitation {
        id: column::id(row, "id")?,
        email: column::text(row, "email")?,
        organization_id: column::optional_id(row, "organization_id")?,
        role_id: column::optional_id(row, "role_id")?,
        status: Some(Status::of(row)?.to_string()),
        expires_at: Some(column::time(row, "expires")?),
        created: Some(column::time(row, "created")?),
        updated: Some(column::time(row, "updated")?),
    })
}

/// Whether somebody already has an invitation to accept.
pub(super) async fn is_pending(
    sql: &mut Sql,
    invitations: &Allowed<Create, InvitationsOf>,
    email: &str,
) -> Result<bool> {
    let mut query = Query::new("SELECT 1 FROM invitation i WHERE i.organization_id = ");
    query.push_bind(invitations.object().0.to_string());
    query.push(" AND lower(i.email) = lower(").push_bind(email.to_owned()).push(")");
    push_pending(&mut query);
    Ok(query.build().fetch_optional(sql).await?.is_some())
}

pub(super) async fn insert(
    sql: &mut Sql,
    invitations: &Allowed<Create, InvitationsOf>,
    id: InvitationId,
    email: &str,
    role: RoleId,
    lifetime: Duration,
) -> Result<Allowed<Create, InvitationAt>> {
    let organization = invitations.object().0;
    sqlx::query(
        "INSERT INTO invitation (id, organization_id, email, role_id, status, expires, is_trusted, created, updated) \
         SELECT $1, o.id, $3, $4, 'pending', $5, EXISTS (SELECT 1 FROM json_each(o.trusted_domains) d \
         WHERE d.value = $6), $7, $7 FROM organization o WHERE o.id = $2",
    )
    .bind(id.to_string())
    .bind(organization.to_string())
    .bind(email)
    .bind(role.to_string())
    .bind(seconds_from_now(i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX)))
    .bind(email.rsplit_once('@').map(|(_, domain)| domain.to_ascii_lowercase()))
    .bind(now())
    .execute(sql)
    .await?;
    let status = Status::Pending;
    Ok(invitations.created(InvitationAt {
        id,
        organization,
        email: email.to_owned(),
        status,
        role,
        invitee: None,
    }))
}

/// Moves the roles and teams of expired invitations of the same person to a new one, and marks them as expired.
pub(super) async fn take_over(sql: &mut Sql, new: &Allowed<Create, InvitationAt>) -> Result<()> {
    const EXPIRED: &str = "(SELECT id FROM invitation WHERE organization_id = $2 AND lower(email) = lower($3) \
                           AND status IN ('pending', 'expired') AND id <> $1)";
    for (statement, rest) in [
        (
            "UPDATE OR IGNORE team_member SET member_id = $1 WHERE kind = 'invitation' AND member_id IN ",
            EXPIRED,
        ),
        (
            "UPDATE OR IGNORE assignment SET principal_id = $1 WHERE principal_kind = 'invitation' \
             AND principal_id IN ",
            EXPIRED,
        ),
        ("UPDATE invitation SET status = 'expired' WHERE id IN ", EXPIRED),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(format!("{statement}{rest}")))
            .bind(new.id.to_string())
            .bind(new.organization.to_string())
            .bind(&new.email)
            .execute(&mut *sql)
            .await?;
    }
    Ok(())
}

/// Deletes an invitation with its roles and teams. An accepted one does not have any.
pub(super) async fn remove(sql: &mut Sql, allowed: &Allowed<Delete, InvitationAt>) -> Result<()> {
    clear(sql, allowed).await?;
    sqlx::query("DELETE FROM invitation WHERE id = $1").bind(allowed.id.to_string()).execute(sql).await?;
    Ok(())
}

/// Removes the roles and teams of an invitation.
pub(super) async fn clear<A: Act>(sql: &mut Sql, allowed: &Allowed<A, InvitationAt>) -> Result<()> {
    for statement in [
        "DELETE FROM team_member WHERE kind = 'invitation' AND member_id = $1",
        "DELETE FROM assignment WHERE principal_kind = 'invitation' AND principal_id = $1",
    ] {
        sqlx::query(statement).bind(allowed.id.to_string()).execute(&mut *sql).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rbac::probe::compiles;

    type Db = &'static mut Sql;
    type Proof<A> = &'static Allowed<A, InvitationAt>;

    #[test]
    fn a_query_compiles_only_with_its_proof() {
        assert!(compiles!(select_one::<Read>, (Db, Proof<Read>)));
        assert!(!compiles!(select_one::<Read>, (Db, &'static InvitationAt)));
        assert!(compiles!(take_over, (Db, Proof<Create>)));
        assert!(!compiles!(take_over, (Db, Proof<Read>)));
        assert!(compiles!(remove, (Db, Proof<Delete>)));
        assert!(!compiles!(remove, (Db, Proof<Read>)));
    }
}
