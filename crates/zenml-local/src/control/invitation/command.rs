//! Invitations from the command line, where the right to change the database replaces a login.

use zenml_api::control::invitation as api;
use zenml_api::{OrganizationId, RoleId, Sensitive, UserId};

use super::acceptance::accept;
use super::object::{InvitationAt, Status};
use super::{Rules, Update, invite};
use crate::audit::Origin;
use crate::control::check;
use crate::crypto::{Passwords, random_string};
use crate::error::{Error, Result};
use crate::rbac::{Actor, Tx};
use crate::store::{Sql, Store, column, now};
use crate::unit_of_work;

/// Why a command cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// The organization does not exist.
    #[error("the organization {0:?} does not exist")]
    Organization(String),
    /// The role does not exist.
    #[error("the organization has no organization-level role {0:?}")]
    Role(String),
    /// Nobody has invited the person.
    #[error("{0} has no pending invitation. Create one with `zenml-local invite {0}`")]
    NotInvited(String),
    /// The platform refused it.
    #[error(transparent)]
    Refused(#[from] Error),
}

impl From<sqlx::Error> for CommandError {
    fn from(error: sqlx::Error) -> Self {
        Self::Refused(error.into())
    }
}

/// A person who has joined.
#[derive(Debug)]
pub(crate) struct Accepted {
    /// Name for `/auth/login`.
    pub(crate) username: String,
    /// Password of a new account.
    pub(crate) password: Option<Sensitive<String>>,
    /// Names of the organizations.
    pub(crate) organizations: Vec<String>,
}

/// Invites somebody with the names of an organization and a role. Without a name, it is the first organization.
pub(crate) async fn invite_by_name(
    store: &Store,
    email: &str,
    organization: Option<&str>,
    role: &str,
    rules: Rules,
) -> std::result::Result<api::Invitation, CommandError> {
    check::email("email", email)?;
    let mut sql = store.begin_read().await?;
    let organization = find_organization(&mut sql, organization).await?;
    let found: Option<String> = sqlx::query_scalar(
        "SELECT id FROM role WHERE organization_id = $1 AND level = 'organization' AND name = $2",
    )
    .bind(organization.to_string())
    .bind(role)
    .fetch_optional(&mut *sql)
    .await?;
    sql.rollback().await;
    let found = found.ok_or_else(|| CommandError::Role(role.to_owned()))?;
    let role: RoleId = found.parse().map_err(|error| Error::internal("a stored id is invalid", error))?;
    let work = async |tx: &mut Tx| invite(tx, organization, email, role, rules).await;
    Ok(unit_of_work::write(store, &Actor::Platform, &Origin::default(), work).await?)
}

async fn find_organization(
    sql: &mut Sql,
    name: Option<&str>,
) -> std::result::Result<OrganizationId, CommandError> {
    let found: Option<String> = match name {
        Some(name) => {
            sqlx::query_scalar("SELECT id FROM organization WHERE name = $1")
                .bind(name)
                .fetch_optional(sql)
                .await?
        }
        None => {
            sqlx::query_scalar("SELECT id FROM organization ORDER BY created, id LIMIT 1")
                .fetch_optional(sql)
                .await?
        }
    };
    let found = found.ok_or_else(|| CommandError::Organization(name.unwrap_or_default().to_owned()))?;
    Ok(found.parse().map_err(|error| Error::internal("a stored id is invalid", error))?)
}

/// Accepts all pending invitations of a person, who gets an account with a new password if there is none.
pub(crate) async fn accept_all(store: &Store, email: &str) -> std::result::Result<Accepted, CommandError> {
    // Hashing is slow, so it does not happen inside the transaction.
    let password: Sensitive<String> = random_string().into();
    let hash = Passwords::default().hash(password.clone()).await?;
    let work = async |tx: &mut Tx| {
        let waiting = pending(tx.sql(), email).await?;
        let Some(first) = waiting.first() else { return Ok(None) };
        let known = sqlx::query(
            "SELECT id, username FROM account WHERE lower(email) = lower($1) AND is_service_account = 0 \
             ORDER BY created LIMIT 1",
        )
        .bind(email)
        .fetch_optional(tx.sql())
        .await?;
        let (account, username, new) = match known {
            Some(row) => (column::id(&row, "id")?, column::text(&row, "username")?, false),
            None => (insert_account(tx.sql(), &first.email, &hash).await?, first.email.clone(), true),
        };
        let mut organizations = Vec::new();
        for at in waiting {
            let (id, email, organization) = (at.id, at.email.clone(), at.organization);
            let allowed = tx.allow::<Update, _>(at).await?;
            tx.note(&allowed, id, &email);
            tx.detail(&allowed, "accepted on the command line");
            accept(tx, &allowed, account).await?;
            let name = sqlx::query_scalar("SELECT name FROM organization WHERE id = $1")
                .bind(organization.to_string())
                .fetch_one(tx.sql())
                .await?;
            organizations.push(name);
        }
        Ok(Some((username, new, organizations)))
    };
    let done = unit_of_work::write(store, &Actor::Platform, &Origin::default(), work).await?;
    let (username, new, organizations) = done.ok_or_else(|| CommandError::NotInvited(email.to_owned()))?;
    Ok(Accepted { username, password: new.then_some(password), organizations })
}

async fn pending(sql: &mut Sql, email: &str) -> Result<Vec<InvitationAt>> {
    let rows = sqlx::query("SELECT * FROM invitation WHERE lower(email) = lower($1) ORDER BY created, id")
        .bind(email)
        .fetch_all(sql)
        .await?;
    let all = rows.iter().map(InvitationAt::of).collect::<Result<Vec<_>>>()?;
    Ok(all.into_iter().filter(|at| at.status == Status::Pending).collect())
}

/// Creates the account of a person, who should choose a new password.
async fn insert_account(sql: &mut Sql, email: &str, password_hash: &str) -> Result<UserId> {
    let id = UserId::random();
    sqlx::query(
        "INSERT INTO account (id, username, email, password_hash, password_expired, created, updated) \
         VALUES ($1, $2, $2, $3, 1, $4, $4)",
    )
    .bind(id.to_string())
    .bind(email)
    .bind(password_hash)
    .bind(now())
    .execute(sql)
    .await?;
    Ok(id)
}
