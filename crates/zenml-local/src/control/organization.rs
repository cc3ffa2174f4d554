//! Organizations.

use std::collections::BTreeSet;

use uuid::Uuid;
use zenml_api::control::organization as api;
use zenml_api::{IdOrName, Identifier, OrganizationId, UserId};

use super::check::{self, Slice};
use super::user::user_unchecked;
use crate::bootstrap::insert_organization_unchecked;
use crate::error::{Error, Result};
use crate::http::{Cx, Routes};
use crate::rbac::policy::ORGANIZATION_ADMIN;
use crate::rbac::{Act, Allowed, Create, Delete, Kind, Listed, Object, Read, Target, Tx, Update, not_found};
use crate::store::{Query, Row, Sql, column, now};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .serve(&api::LIST, list)
        .serve(&api::CREATE, create)
        .serve(&api::GET, get)
        .serve(&api::UPDATE, update)
        .serve(&api::DELETE, delete)
        .serve(&api::NAME_IS_FREE, name_is_free)
}

/// One organization.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OrganizationAt(pub(crate) OrganizationId);

impl Object for OrganizationAt {
    fn target(&self) -> Target {
        Target::in_organization(self.0.uuid(), Kind::Organization, Some(self.0.uuid()))
    }
}

/// All organizations of the platform.
#[derive(Clone, Copy, Debug)]
struct Organizations;

impl Object for Organizations {
    fn target(&self) -> Target {
        Target::in_organization(Uuid::nil(), Kind::Organization, None)
    }
}

async fn list(cx: Cx, (): (), query: api::OrganizationQuery, (): ()) -> Result<Vec<api::Organization>> {
    let slice = check::slice(query.offset, query.limit)?;
    cx.read(async |tx| {
        let listed = tx.list(Organizations).await?;
        select(tx.sql(), &listed, &query, slice).await
    })
    .await
}

async fn create(cx: Cx, (): (), (): (), new: api::OrganizationCreate) -> Result<api::Organization> {
    check_name(&new.name)?;
    let identity = cx.identity()?;
    if identity.is_service_account {
        return Err(Error::forbidden("Service accounts cannot create organizations."));
    }
    let id = OrganizationId::random();
    cx.tx(async |tx| {
        let organizations = tx.allow::<Create, _>(Organizations).await?;
        insert_organization_unchecked(tx.sql(), id, &new.name, identity.account.uuid()).await?;
        grant_admin(tx.sql(), &organizations, id, identity.account).await?;
        tx.forget_rights();
        tx.note(&organizations, id, &new.name);
        let allowed = tx.allow::<Update, _>(OrganizationAt(id)).await?;
        let (description, logo_url) = (new.description.clone(), new.logo_url.clone());
        write(tx.sql(), &allowed, &new.name, description.as_deref(), logo_url.as_deref()).await?;
        select_one(tx.sql(), &allowed).await
    })
    .await
}

async fn get(cx: Cx, which: IdOrName<OrganizationId>, (): (), (): ()) -> Result<api::Organization> {
    cx.read(async |tx| {
        let id = locate(tx, &which).await?;
        let allowed = tx.allow::<Read, _>(OrganizationAt(id)).await;
        select_one(tx.sql(), &allowed.map_err(|error| unseen(error, &which))?).await
    })
    .await
}

async fn update(
    cx: Cx,
    id: OrganizationId,
    (): (),
    change: api::OrganizationUpdate,
) -> Result<api::Organization> {
    change.name.as_deref().map_or(Ok(()), check_name)?;
    let domains = change.trusted_domains.as_deref().map(trusted_domains).transpose()?;
    cx.tx(async |tx| {
        let allowed = tx.allow::<Update, _>(OrganizationAt(id)).await?;
        if let Some(domains) = &domains {
            if !tx.actor().identity().is_some_and(|identity| identity.is_superuser) {
                return Err(Error::forbidden("Only platform administrators may change trusted domains."));
            }
            write_trusted_domains(tx.sql(), &allowed, domains).await?;
        }
        let before = select_one(tx.sql(), &allowed).await?;
        tx.note(&allowed, id, &before.name);
        let (mut description, mut logo_url) = (before.description, before.logo_url);
        change.description.clone().apply(&mut description);
        change.logo_url.clone().apply(&mut logo_url);
        let name = change.name.clone().unwrap_or(before.name);
        write(tx.sql(), &allowed, &name, description.as_deref(), logo_url.as_deref()).await?;
        select_one(tx.sql(), &allowed).await
    })
    .await
}

async fn delete(cx: Cx, id: OrganizationId, (): (), (): ()) -> Result<()> {
    cx.tx(async |tx| {
        let allowed = tx.allow::<Delete, _>(OrganizationAt(id)).await?;
        let name = select_one(tx.sql(), &allowed).await?.name;
        tx.note(&allowed, id, &name);
        remove(tx.sql(), &allowed).await
    })
    .await
}

async fn name_is_free(cx: Cx, name: String, (): (), (): ()) -> Result<bool> {
    if check_name(&name).is_err() {
        return Ok(false);
    }
    cx.read(async |tx| {
        let taken = sqlx::query("SELECT 1 FROM organization WHERE name = $1")
            .bind(&name)
            .fetch_optional(tx.sql())
            .await?;
        Ok(taken.is_none())
    })
    .await
}

/// Returns the names of domains in lower case, each once.
fn trusted_domains(domains: &[String]) -> Result<Vec<String>> {
    let names: BTreeSet<String> = domains.iter().map(|domain| domain.to_ascii_lowercase()).collect();
    match names.iter().find(|name| !check::is_domain(name)) {
        Some(_) => Err(Error::value("trusted_domains must contain names of domains, such as example.com.")),
        None => Ok(names.into_iter().collect()),
    }
}

fn stored_domains(text: &str) -> Result<Vec<String>> {
    serde_json::from_str(text).map_err(|error| Error::internal("stored domains are invalid", error))
}

async fn write_trusted_domains(
    sql: &mut Sql,
    allowed: &Allowed<Update, OrganizationAt>,
    domains: &[String],
) -> Result<()> {
    sqlx::query("UPDATE organization SET trusted_domains = $1 WHERE id = $2")
        .bind(serde_json::Value::from(domains).to_string())
        .bind(allowed.object().0.to_string())
        .execute(sql)
        .await?;
    Ok(())
}

fn check_name(name: &str) -> Result<()> {
    check::length("name", name, 1..=50)
}

async fn locate(tx: &mut Tx, which: &IdOrName<OrganizationId>) -> Result<OrganizationId> {
    match which {
        IdOrName::Id(id) => Ok(*id),
        IdOrName::Name(name) => sqlx::query("SELECT id FROM organization WHERE name = $1")
            .bind(name)
            .fetch_optional(tx.sql())
            .await?
            .map(|row| column::id(&row, "id"))
            .transpose()?
            .ok_or_else(|| unknown(which)),
    }
}

fn unknown(which: &IdOrName<OrganizationId>) -> Error {
    Error::not_found(format!("Organization '{which}' was not found."))
}

/// The same error as for an organization that the caller has no access to.
fn unseen(error: Error, which: &IdOrName<OrganizationId>) -> Error {
    if error.status() == http::StatusCode::NOT_FOUND { unknown(which) } else { error }
}

async fn select(
    sql: &mut Sql,
    listed: &Listed<Organizations>,
    filter: &api::OrganizationQuery,
    slice: Slice,
) -> Result<Vec<api::Organization>> {
    let mut query =
        Query::new("SELECT o.* FROM organization o LEFT JOIN account a ON a.id = o.owner_id WHERE 1 = 1");
    if let Some(name) = &filter.name {
        query.push(" AND o.name = ").push_bind(name.clone());
    }
    if let Some(owner) = filter.owner_id {
        query.push(" AND o.owner_id = ").push_bind(owner.to_string());
    }
    if let Some(owner) = &filter.owner_username {
        query.push(" AND a.username = ").push_bind(owner.clone());
    }
    listed.restrict(&mut query, "o.id", None, false);
    query.push(" ORDER BY o.created, o.id LIMIT ").push_bind(slice.limit);
    query.push(" OFFSET ").push_bind(slice.offset);
    let rows = query.build().fetch_all(&mut *sql).await?;
    let mut organizations = Vec::with_capacity(rows.len());
    for row in rows {
        organizations.push(read(sql, &row).await?);
    }
    Ok(organizations)
}

async fn select_one<A: Act>(
    sql: &mut Sql,
    allowed: &Allowed<A, OrganizationAt>,
) -> Result<api::Organization> {
    organization_unchecked(sql, allowed.object().0).await
}

/// An organization as a part of another response.
pub(crate) async fn organization_unchecked(sql: &mut Sql, id: OrganizationId) -> Result<api::Organization> {
    let row = sqlx::query("SELECT * FROM organization WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(&mut *sql)
        .await?
        .ok_or_else(|| not_found(&OrganizationAt(id).target()))?;
    read(sql, &row).await
}

async fn read(sql: &mut Sql, row: &Row) -> Result<api::Organization> {
    let owner: UserId = column::id(row, "owner_id")?;
    Ok(api::Organization {
        id: column::id(row, "id")?,
        name: column::text(row, "name")?,
        description: column::optional(row, "description")?,
        logo_url: column::optional(row, "logo_url")?,
        created: column::time(row, "created")?,
        updated: column::time(row, "updated")?,
        owner: user_unchecked(sql, owner).await?.map(Box::new),
        has_active_subscription: Some(true),
        trial_expiry: None,
        trusted_domains: Some(stored_domains(&column::text(row, "trusted_domains")?)?),
    })
}

async fn grant_admin(
    sql: &mut Sql,
    _: &Allowed<Create, Organizations>,
    organization: OrganizationId,
    account: UserId,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO assignment (role_id, organization_id, principal_kind, principal_id, created) \
         SELECT id, organization_id, 'user', $1, $2 FROM role WHERE organization_id = $3 AND level = $4 AND name = $5",
    )
    .bind(account.to_string())
    .bind(now())
    .bind(organization.to_string())
    .bind(ORGANIZATION_ADMIN.level.as_str())
    .bind(ORGANIZATION_ADMIN.name)
    .execute(sql)
    .await?;
    Ok(())
}

async fn write(
    sql: &mut Sql,
    allowed: &Allowed<Update, OrganizationAt>,
    name: &str,
    description: Option<&str>,
    logo_url: Option<&str>,
) -> Result<()> {
    sqlx::query(
        "UPDATE organization SET name = $1, description = $2, logo_url = $3, updated = $4 WHERE id = $5",
    )
    .bind(name)
    .bind(description)
    .bind(logo_url)
    .bind(now())
    .bind(allowed.object().0.to_string())
    .execute(sql)
    .await?;
    Ok(())
}

/// Deletes an organization with its teams, roles and service accounts. Its workspaces must be deleted first, and the
/// last organization of the platform cannot be deleted.
async fn remove(sql: &mut Sql, allowed: &Allowed<Delete, OrganizationAt>) -> Result<()> {
    let id = allowed.object().0.to_string();
    let workspace = sqlx::query("SELECT name FROM workspace WHERE organization_id = $1 LIMIT 1")
        .bind(&id)
        .fetch_optional(&mut *sql);
    if let Some(row) = workspace.await? {
        let name = column::text(&row, "name")?;
        return Err(Error::forbidden(format!(
            "The organization still has workspaces, such as '{name}'. Delete them first."
        )));
    }
    let another =
        sqlx::query("SELECT 1 FROM organization WHERE id <> $1 LIMIT 1").bind(&id).fetch_optional(&mut *sql);
    if another.await?.is_none() {
        return Err(Error::with_status(
            http::StatusCode::CONFLICT,
            "IllegalOperationError",
            "This is the last organization of the platform and cannot be deleted. Create another one first, or \
             rename this one.",
        ));
    }
    for statement in [
        "DELETE FROM assignment WHERE organization_id = $1",
        "DELETE FROM account WHERE organization_id = $1",
        "DELETE FROM organization WHERE id = $1",
    ] {
        sqlx::query(statement).bind(&id).execute(&mut *sql).await?;
    }
    Ok(())
}
