//! The first start of a database: an organization with its roles, an admin, and a service account with a key.

use serde::Serialize;
use sqlx::Row as _;
use uuid::Uuid;
use zenml_api::{Identifier, OrganizationId, RoleId, Sensitive};

use crate::crypto::{ApiKey, Passwords, Vault, random_string};
use crate::error::{Error, Result};
use crate::rbac::policy::{ORGANIZATION_ADMIN, PREDEFINED};
use crate::store::setting::{setting, write_setting};
use crate::store::{Sql, Store, now};

/// Name of the first user.
const ADMIN: &str = "admin";
/// Name of the first service account.
const SERVICE_ACCOUNT: &str = "platform-admin";

/// A local user who administers the platform.
#[derive(Clone, Debug, Serialize)]
pub struct Admin {
    /// Name for `/auth/login`.
    pub username: String,
    /// Password for `/auth/login`.
    pub password: Sensitive<String>,
}

/// What a start returns, including what only the first start shows.
pub(crate) struct First {
    pub(crate) platform: Uuid,
    pub(crate) organization_id: OrganizationId,
    pub(crate) organization_name: String,
    pub(crate) service_account_key: Option<Sensitive<String>>,
    pub(crate) admin: Option<Admin>,
}

/// Initializes an empty database, in one transaction, or finds the first organization of an existing one.
pub(crate) async fn prepare(store: &Store, vault: &Vault, organization: &str) -> Result<First> {
    let Some(platform) = setting(store, "platform_id").await? else {
        return fill(store, vault, organization, Uuid::new_v4(), None).await;
    };
    let platform =
        Uuid::try_parse(&platform).map_err(|error| Error::internal("a stored id is invalid", error))?;
    if let Some(first) = known(store, platform).await? {
        return Ok(first);
    }
    // Earlier versions allowed deleting the last organization, and then no longer started.
    tracing::warn!("the database has no organization; creating one");
    let mut sql = store.begin_read().await?;
    let superuser: Option<String> = sqlx::query_scalar(
        "SELECT id FROM account WHERE is_superuser = 1 AND is_active = 1 ORDER BY created, id LIMIT 1",
    )
    .fetch_optional(&mut *sql)
    .await?;
    sql.rollback().await;
    let superuser = superuser
        .map(|id| Uuid::try_parse(&id).map_err(|error| Error::internal("a stored id is invalid", error)))
        .transpose()?;
    fill(store, vault, organization, platform, superuser).await
}

/// Creates an organization with an admin and a service account with a key. The admin is a new user unless one is
/// specified.
async fn fill(
    store: &Store,
    vault: &Vault,
    organization: &str,
    platform: Uuid,
    superuser: Option<Uuid>,
) -> Result<First> {
    let password: Sensitive<String> = random_string().into();
    let hash = Passwords::default().hash(password.clone()).await?;
    let (organization_id, key) = (OrganizationId::random(), ApiKey::generate());
    let (admin, account) = (superuser.unwrap_or_else(Uuid::new_v4), Uuid::new_v4());
    let mut tx = store.begin().await?;
    write_setting(&mut tx, "platform_id", &platform.to_string()).await?;
    write_setting(&mut tx, crate::master::CHECK, &vault.check()).await?;
    write_setting(&mut tx, "organization_id", &organization_id.to_string()).await?;
    if superuser.is_none() {
        insert_account(&mut tx, admin, ADMIN, Some(&hash), None).await?;
    }
    insert_organization_unchecked(&mut tx, organization_id, organization, admin).await?;
    insert_account(&mut tx, account, SERVICE_ACCOUNT, None, Some(organization_id)).await?;
    sqlx::query(
        "INSERT INTO api_key (id, account_id, name, description, digest, created, updated) \
         VALUES ($1, $2, 'default', 'Made on the first start.', $3, $4, $4)",
    )
    .bind(key.id.to_string())
    .bind(account.to_string())
    .bind(vault.digest(key.secret.expose().as_bytes()))
    .bind(now())
    .execute(&mut *tx)
    .await?;
    for principal in [admin, account] {
        sqlx::query(
            "INSERT INTO assignment (role_id, organization_id, principal_kind, principal_id, created) \
             SELECT id, organization_id, 'user', $1, $2 FROM role \
             WHERE organization_id = $3 AND level = $4 AND name = $5",
        )
        .bind(principal.to_string())
        .bind(now())
        .bind(organization_id.to_string())
        .bind(ORGANIZATION_ADMIN.level.as_str())
        .bind(ORGANIZATION_ADMIN.name)
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    Ok(First {
        platform,
        organization_id,
        organization_name: organization.to_owned(),
        service_account_key: Some(key.to_text()),
        admin: superuser.is_none().then(|| Admin { username: ADMIN.to_owned(), password }),
    })
}

async fn known(store: &Store, platform: Uuid) -> Result<Option<First>> {
    let mut sql = store.begin_read().await?;
    let row = sqlx::query(
        "SELECT id, name FROM organization ORDER BY id = (SELECT value FROM setting WHERE name = 'organization_id') \
         DESC, created LIMIT 1",
    )
    .fetch_optional(&mut *sql)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let damaged = |error| Error::internal("a stored id is invalid", error);
    Ok(Some(First {
        platform,
        organization_id: OrganizationId::from_uuid(Uuid::try_parse(row.try_get(0)?).map_err(damaged)?),
        organization_name: row.try_get(1)?,
        service_account_key: None,
        admin: None,
    }))
}

/// Creates an organization with its predefined roles.
pub(crate) async fn insert_organization_unchecked(
    sql: &mut Sql,
    id: OrganizationId,
    name: &str,
    owner: Uuid,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO organization (id, name, owner_id, created, updated) VALUES ($1, $2, $3, $4, $4)",
    )
    .bind(id.to_string())
    .bind(name)
    .bind(owner.to_string())
    .bind(now())
    .execute(&mut *sql)
    .await?;
    for (position, role) in (0_i64..).zip(PREDEFINED) {
        sqlx::query(
            "INSERT INTO role (id, organization_id, level, name, description, system_managed, position) \
             VALUES ($1, $2, $3, $4, $5, 1, $6)",
        )
        .bind(RoleId::random().to_string())
        .bind(id.to_string())
        .bind(role.level.as_str())
        .bind(role.name)
        .bind(role.description)
        .bind(position)
        .execute(&mut *sql)
        .await?;
    }
    Ok(())
}

async fn insert_account(
    sql: &mut Sql,
    id: Uuid,
    username: &str,
    password_hash: Option<&str>,
    organization: Option<OrganizationId>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO account (id, username, email, name, password_hash, is_superuser, is_service_account, \
         organization_id, created, updated) VALUES ($1, $2, CASE WHEN $5 = 1 THEN $2 END, $2, $3, $4, $5, $6, $7, $7)",
    )
    .bind(id.to_string())
    .bind(username)
    .bind(password_hash)
    .bind(i64::from(organization.is_none()))
    .bind(i64::from(organization.is_some()))
    .bind(organization.map(|id| id.to_string()))
    .bind(now())
    .execute(sql)
    .await?;
    Ok(())
}
