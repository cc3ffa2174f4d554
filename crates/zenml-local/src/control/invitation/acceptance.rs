//! The end of an invitation: its place moves to an account, or nobody takes it.

use zenml_api::UserId;

use super::Update;
use super::object::{InvitationAt, Status, clear};
use crate::audit::Origin;
use crate::error::Result;
use crate::rbac::policy::ORGANIZATION_MEMBER;
use crate::rbac::{Actor, Allowed, Identity, Tx};
use crate::state::Shared;
use crate::store::{Sql, now};
use crate::unit_of_work;

/// Gives an account everything that an invitation has: its role in the organization, and its other roles and teams.
///
/// If the role of the invitation was deleted, the account becomes a plain member.
pub(super) async fn accept(
    tx: &mut Tx,
    invitation: &Allowed<Update, InvitationAt>,
    account: UserId,
) -> Result<()> {
    for statement in [
        "INSERT INTO assignment (role_id, organization_id, principal_kind, principal_id, created) \
         SELECT r.id, r.organization_id, 'user', $2, $4 FROM role r WHERE r.organization_id = $5 AND (r.id = $3 \
         OR (r.level = 'organization' AND r.name = $6 AND r.system_managed = 1 \
         AND NOT EXISTS (SELECT 1 FROM role g WHERE g.id = $3))) AND $1 <> '' ON CONFLICT DO NOTHING",
        "INSERT INTO assignment (role_id, organization_id, principal_kind, principal_id, workspace_id, project_id, \
         created) SELECT role_id, organization_id, 'user', $2, workspace_id, project_id, created FROM assignment \
         WHERE principal_kind = 'invitation' AND principal_id = $1 ON CONFLICT DO NOTHING",
        "INSERT INTO team_member (team_id, kind, member_id, created) SELECT team_id, 'user', $2, created \
         FROM team_member WHERE kind = 'invitation' AND member_id = $1 ON CONFLICT DO NOTHING",
        "UPDATE invitation SET status = 'accepted', account_id = $2, updated = $4 WHERE id = $1",
    ] {
        sqlx::query(statement)
            .bind(invitation.id.to_string())
            .bind(account.to_string())
            .bind(invitation.role.to_string())
            .bind(now())
            .bind(invitation.organization.to_string())
            .bind(ORGANIZATION_MEMBER.name)
            .execute(tx.sql())
            .await?;
    }
    clear(tx.sql(), invitation).await?;
    tx.forget_rights();
    Ok(())
}

/// Gives the place up.
pub(super) async fn decline(sql: &mut Sql, invitation: &Allowed<Update, InvitationAt>) -> Result<()> {
    clear(sql, invitation).await?;
    sqlx::query("UPDATE invitation SET status = 'declined', updated = $1 WHERE id = $2")
        .bind(now())
        .bind(invitation.id.to_string())
        .execute(sql)
        .await?;
    Ok(())
}

/// Accepts the pending invitations of somebody who logs in with an e-mail address of a trusted domain.
pub(crate) async fn join(shared: &Shared, identity: &Identity, origin: &Origin) -> Result<()> {
    let account = identity.account;
    let mut sql = shared.store.begin_read().await?;
    let waiting = !trusted(&mut sql, account).await?.is_empty();
    sql.rollback().await;
    if !waiting {
        return Ok(());
    }
    let work = async |tx: &mut Tx| {
        for at in trusted(tx.sql(), account).await? {
            let (id, email) = (at.id, at.email.clone());
            let allowed = tx.allow::<Update, _>(at).await?;
            tx.note(&allowed, id, &email);
            tx.detail(&allowed, &format!("accepted by {}: its domain is trusted", identity.username));
            accept(tx, &allowed, account).await?;
        }
        Ok(())
    };
    unit_of_work::write(&shared.store, &Actor::Platform, origin, work).await
}

async fn trusted(sql: &mut Sql, account: UserId) -> Result<Vec<InvitationAt>> {
    let rows = sqlx::query(
        "SELECT i.* FROM account a CROSS JOIN invitation i WHERE a.id = $1 AND a.is_service_account = 0 \
         AND lower(i.email) = lower(a.email) AND i.is_trusted = 1",
    )
    .bind(account.to_string())
    .fetch_all(sql)
    .await?;
    let all = rows.iter().map(InvitationAt::of).collect::<Result<Vec<_>>>()?;
    Ok(all.into_iter().filter(|at| at.status == Status::Pending).collect())
}
