//! Service accounts of an organization.

use zenml_api::control::service_account as api;
use zenml_api::{IdOrName, Identifier, OrganizationId, ServiceAccountId, UserId};

use super::check::{self, Slice};
use super::last_admin::Watch;
use super::user::{self, Account};
use crate::error::{Error, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{Act, Allowed, Create, Delete, Kind, Object, Read, Target, Tx, Update};
use crate::store::{Query, Row, Sql, column, now};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .serve(&api::LIST, list)
        .serve(&api::CREATE, create)
        .serve(&api::GET, get)
        .serve(&api::UPDATE, update)
        .serve(&api::DELETE, delete)
}

/// Service accounts of an organization.
#[derive(Clone, Copy, Debug)]
struct ServiceAccountsOf(OrganizationId);

/// One service account; its keys are a part of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct ServiceAccountAt {
    id: ServiceAccountId,
    organization: OrganizationId,
}

impl ServiceAccountAt {
    pub(super) const fn id(self) -> ServiceAccountId {
        self.id
    }

    pub(super) const fn organization(self) -> OrganizationId {
        self.organization
    }
}

impl Object for ServiceAccountsOf {
    fn target(&self) -> Target {
        Target::in_organization(self.0.uuid(), Kind::OrganizationServiceAccount, None)
    }
}

impl Object for ServiceAccountAt {
    fn target(&self) -> Target {
        let id = Some(self.id.uuid());
        Target::in_organization(self.organization.uuid(), Kind::OrganizationServiceAccount, id)
    }
}

impl Account for ServiceAccountAt {
    fn account(&self) -> UserId {
        UserId::from(self.id)
    }
}

pub(super) type OfAccount = (OrganizationId, IdOrName<ServiceAccountId>);

async fn list(
    cx: Cx,
    id: OrganizationId,
    query: api::ServiceAccountQuery,
    (): (),
) -> Result<Vec<api::ServiceAccount>> {
    let slice = check::slice(query.offset, query.limit)?;
    cx.read(async |tx| {
        let accounts = tx.allow::<Read, _>(ServiceAccountsOf(id)).await?;
        select(tx.sql(), &accounts, slice).await
    })
    .await
}

async fn create(
    cx: Cx,
    id: OrganizationId,
    (): (),
    new: api::ServiceAccountCreate,
) -> Result<api::ServiceAccount> {
    check::length("username", &new.username, 1..=50)?;
    check::characters("username", &new.username, r"^[a-zA-Z0-9_\-@.]+$", |c| {
        c.is_ascii_alphanumeric() || "_-@.".contains(c)
    })?;
    check::optional_length("name", new.name.as_deref(), 1..=50)?;
    check::optional_length("description", new.description.as_deref(), 0..=256)?;
    cx.tx(async |tx| {
        let accounts = tx.allow::<Create, _>(ServiceAccountsOf(id)).await?;
        let account = insert(tx.sql(), &accounts, &new).await?;
        tx.note(&account, account.id, &new.username);
        select_one(tx.sql(), &account).await
    })
    .await
}

async fn get(cx: Cx, of: OfAccount, (): (), (): ()) -> Result<api::ServiceAccount> {
    cx.read(async |tx| {
        let at = locate(tx, &of).await?;
        let allowed = permit::<Read>(tx, &of, at).await?;
        select_one(tx.sql(), &allowed).await
    })
    .await
}

async fn delete(cx: Cx, of: OfAccount, (): (), (): ()) -> Result<()> {
    cx.tx(async |tx| {
        let at = locate(tx, &of).await?;
        let allowed = permit::<Delete>(tx, &of, at).await?;
        let name = select_one(tx.sql(), &allowed).await?.username;
        tx.note(&allowed, at.id, &name);
        let watch = Watch::before_change(tx.sql(), at.organization).await?;
        user::remove(tx.sql(), &allowed).await?;
        watch.after_change(tx.sql()).await
    })
    .await
}

/// Changes a service account. If it is deactivated, its keys and sessions stop working at once.
async fn update(
    cx: Cx,
    of: OfAccount,
    (): (),
    change: api::ServiceAccountUpdate,
) -> Result<api::ServiceAccount> {
    check::patched_length("name", &change.name, 1..=50)?;
    check::patched_length("description", &change.description, 0..=256)?;
    cx.tx(async |tx| {
        let at = locate(tx, &of).await?;
        let allowed = permit::<Update>(tx, &of, at).await?;
        let before = select_one(tx.sql(), &allowed).await?;
        tx.note(&allowed, at.id, &before.username);
        match change.is_active {
            Some(true) if !before.is_active => tx.detail(&allowed, "activated the account"),
            Some(false) if before.is_active => {
                tx.detail(&allowed, "deactivated the account");
                user::require_spare(tx.sql(), UserId::from(at.id)).await?;
            }
            _ => {}
        }
        edit(tx.sql(), &allowed, before, change).await?;
        select_one(tx.sql(), &allowed).await
    })
    .await
}

/// Finds a service account. Does not decide whether the caller has access to it.
pub(super) async fn locate(tx: &mut Tx, (organization, account): &OfAccount) -> Result<ServiceAccountAt> {
    let mut query = Query::new("SELECT id FROM account WHERE is_service_account = 1 AND organization_id = ");
    query.push_bind(organization.to_string());
    match account {
        IdOrName::Id(id) => query.push(" AND id = ").push_bind(id.to_string()),
        IdOrName::Name(name) => query.push(" AND username = ").push_bind(name.clone()),
    };
    let row = query.build().fetch_optional(tx.sql()).await?;
    let row = row.ok_or_else(|| unknown(account))?;
    Ok(ServiceAccountAt { id: column::id(&row, "id")?, organization: *organization })
}

/// Asks for permission for a service account. Callers without access get the error for a missing one, and its name
/// does not reveal its id.
pub(super) async fn permit<A: Act>(
    tx: &mut Tx,
    (_, account): &OfAccount,
    at: ServiceAccountAt,
) -> Result<Allowed<A, ServiceAccountAt>> {
    tx.allow(at).await.map_err(|error| match error.status() {
        http::StatusCode::NOT_FOUND => unknown(account),
        _ => error,
    })
}

fn unknown(account: &IdOrName<ServiceAccountId>) -> Error {
    Error::not_found(format!("Service account '{account}' was not found."))
}

async fn select(
    sql: &mut Sql,
    accounts: &Allowed<Read, ServiceAccountsOf>,
    slice: Slice,
) -> Result<Vec<api::ServiceAccount>> {
    sqlx::query(
        "SELECT * FROM account WHERE is_service_account = 1 AND organization_id = $1 \
         ORDER BY created, id LIMIT $2 OFFSET $3",
    )
    .bind(accounts.object().0.to_string())
    .bind(slice.limit)
    .bind(slice.offset)
    .fetch_all(sql)
    .await?
    .iter()
    .map(read)
    .collect()
}

pub(super) async fn select_one<A: Act>(
    sql: &mut Sql,
    allowed: &Allowed<A, ServiceAccountAt>,
) -> Result<api::ServiceAccount> {
    let query = sqlx::query("SELECT * FROM account WHERE id = $1").bind(allowed.id.to_string());
    let row = query.fetch_one(sql).await?;
    read(&row)
}

fn read(row: &Row) -> Result<api::ServiceAccount> {
    Ok(api::ServiceAccount {
        id: column::id(row, "id")?,
        username: column::text(row, "username")?,
        name: column::optional(row, "name")?,
        description: column::optional(row, "description")?,
        is_active: column::flag(row, "is_active")?,
        is_service_account: true,
        organization_id: column::optional_id(row, "organization_id")?,
        created: Some(column::time(row, "created")?),
        updated: Some(column::time(row, "updated")?),
    })
}

async fn insert(
    sql: &mut Sql,
    accounts: &Allowed<Create, ServiceAccountsOf>,
    new: &api::ServiceAccountCreate,
) -> Result<Allowed<Create, ServiceAccountAt>> {
    let id = ServiceAccountId::random();
    sqlx::query(
        "INSERT INTO account (id, username, email, name, description, is_service_account, organization_id, created, \
         updated) VALUES ($1, $2, $2, $3, $4, 1, $5, $6, $6)",
    )
    .bind(id.to_string())
    .bind(&new.username)
    .bind(&new.name)
    .bind(&new.description)
    .bind(accounts.object().0.to_string())
    .bind(now())
    .execute(sql)
    .await?;
    Ok(accounts.created(ServiceAccountAt { id, organization: accounts.object().0 }))
}

async fn edit(
    sql: &mut Sql,
    allowed: &Allowed<Update, ServiceAccountAt>,
    mut before: api::ServiceAccount,
    change: api::ServiceAccountUpdate,
) -> Result<()> {
    change.name.apply(&mut before.name);
    change.description.apply(&mut before.description);
    sqlx::query(
        "UPDATE account SET name = $1, description = $2, session_epoch = session_epoch + (is_active <> $3), \
         is_active = $3, updated = $4 WHERE id = $5",
    )
    .bind(before.name)
    .bind(before.description)
    .bind(i64::from(change.is_active.unwrap_or(before.is_active)))
    .bind(now())
    .bind(allowed.id.to_string())
    .execute(sql)
    .await?;
    Ok(())
}
