//! API keys of service accounts, and personal access tokens: the API keys of people.

use zenml_api::control::service_account as api;
use zenml_api::control::user::{CREATE_MY_API_KEY, DELETE_MY_API_KEY, MY_API_KEYS};
use zenml_api::{ApiKeyId, IdOrName, Identifier, OrganizationId, ServiceAccountId};

use super::check::{self, Slice};
use super::escalation::require_as_much_as;
use super::last_admin::Watch;
use super::service_account::{self, OfAccount, ServiceAccountAt};
use super::user::{Account, Profile};
use crate::assumption::Assumption;
use crate::authn;
use crate::crypto::{ApiKey, Vault};
use crate::error::{Error, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{Act, Allowed, Credential, Identity, Principal, Read, Tx, Update};
use crate::state::Shared;
use crate::store::{Row, Sql, column, now, seconds_between, seconds_from_now};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .serve(&api::API_KEYS, list)
        .serve(&api::CREATE_API_KEY, create)
        .serve(&api::API_KEY, get)
        .serve(&api::UPDATE_API_KEY, update)
        .serve(&api::ROTATE_API_KEY, rotate)
        .serve(&api::DELETE_API_KEY, delete)
        .serve(&MY_API_KEYS, list_mine)
        .serve(&CREATE_MY_API_KEY, create_mine)
        .serve(&DELETE_MY_API_KEY, delete_mine)
}

/// Longest lifetime of a key that expires, and longest time that a rotated secret stays valid, in minutes: ten years.
const LONGEST_LIFE: i64 = 10 * 366 * 24 * 60;

/// Rejects the token of a device, as real control planes do on these routes.
fn refuse_device(cx: &Cx) -> Result<()> {
    match cx.identity()?.credential {
        Credential::Device => Err(authn::wrong_type("device_code")),
        _ => Ok(()),
    }
}

type OfKey = (OrganizationId, IdOrName<ServiceAccountId>, ApiKeyId);

async fn list(cx: Cx, of: OfAccount, query: api::ApiKeyQuery, (): ()) -> Result<Vec<api::ApiKey>> {
    refuse_device(&cx)?;
    let slice = check::slice(query.offset, query.limit)?;
    cx.read(async |tx| {
        let at = service_account::locate(tx, &of).await?;
        let allowed = service_account::permit::<Read>(tx, &of, at).await?;
        select(tx.sql(), &allowed, slice).await
    })
    .await
}

async fn create(cx: Cx, of: OfAccount, (): (), new: api::ApiKeyCreate) -> Result<api::ApiKey> {
    refuse_device(&cx)?;
    check_new(&new)?;
    cx.tx(async |tx| {
        let allowed = change(tx, &of).await?;
        tx.detail(&allowed, &format!("created the API key '{}'", new.name));
        require_own(tx, &allowed).await?;
        insert(tx.sql(), &allowed, &cx.shared().vault, &new).await
    })
    .await
}

async fn get(cx: Cx, (organization, account, key): OfKey, (): (), (): ()) -> Result<api::ApiKey> {
    refuse_device(&cx)?;
    cx.read(async |tx| {
        let of = (organization, account);
        let at = service_account::locate(tx, &of).await?;
        let allowed = service_account::permit::<Read>(tx, &of, at).await?;
        select_one(tx.sql(), &allowed, key).await
    })
    .await
}

async fn update(
    cx: Cx,
    (organization, account, key): OfKey,
    (): (),
    new: api::ApiKeyUpdate,
) -> Result<api::ApiKey> {
    refuse_device(&cx)?;
    if let Some(name) = &new.name {
        check::length("name", name, 1..=50)?;
    }
    check::patched_length("description", &new.description, 0..=256)?;
    cx.tx(async |tx| {
        let allowed = change(tx, &(organization, account)).await?;
        let before = select_one(tx.sql(), &allowed, key).await?;
        tx.detail(&allowed, &changed(&before, &new));
        let watch = Watch::before_change(tx.sql(), organization).await?;
        edit(tx.sql(), &allowed, before, new).await?;
        watch.after_change(tx.sql()).await?;
        select_one(tx.sql(), &allowed, key).await
    })
    .await
}

/// Returns what an update does with a key, for the audit trail.
fn changed(before: &api::ApiKey, new: &api::ApiKeyUpdate) -> String {
    let name = &before.name;
    match new.active {
        Some(true) if !before.active => format!("activated the API key '{name}'"),
        Some(false) if before.active => format!("deactivated the API key '{name}'"),
        _ => format!("changed the API key '{name}'"),
    }
}

async fn rotate(
    cx: Cx,
    (organization, account, key): OfKey,
    (): (),
    how: api::ApiKeyRotate,
) -> Result<api::ApiKey> {
    refuse_device(&cx)?;
    let minutes = how.retain_period_minutes;
    check::number("retain_period_minutes", minutes, 0..=LONGEST_LIFE)?;
    cx.tx(async |tx| {
        let allowed = change(tx, &(organization, account)).await?;
        let before = select_one(tx.sql(), &allowed, key).await?;
        let kept = match minutes {
            0 => String::new(),
            minutes => format!("; the old one stays valid for {minutes} minutes"),
        };
        tx.detail(&allowed, &format!("rotated the API key '{}'{kept}", before.name));
        require_own(tx, &allowed).await?;
        renew(tx.sql(), &allowed, cx.shared(), &before, minutes).await
    })
    .await
}

async fn delete(cx: Cx, (organization, account, key): OfKey, (): (), (): ()) -> Result<()> {
    refuse_device(&cx)?;
    cx.tx(async |tx| {
        let allowed = change(tx, &(organization, account)).await?;
        let before = select_one(tx.sql(), &allowed, key).await?;
        tx.detail(&allowed, &format!("removed the API key '{}'", before.name));
        let watch = Watch::before_change(tx.sql(), organization).await?;
        remove(tx.sql(), &allowed, key).await?;
        watch.after_change(tx.sql()).await
    })
    .await
}

/// Asks for permission to change the keys of a service account.
async fn change(tx: &mut Tx, of: &OfAccount) -> Result<Allowed<Update, ServiceAccountAt>> {
    let at = service_account::locate(tx, of).await?;
    let allowed = service_account::permit::<Update>(tx, of, at).await?;
    let name = service_account::select_one(tx.sql(), &allowed).await?.username;
    tx.note(&allowed, at.id(), &name);
    Ok(allowed)
}

/// A key lets its holder do everything that the account may.
async fn require_own(tx: &mut Tx, account: &Allowed<Update, ServiceAccountAt>) -> Result<()> {
    let principal = Principal::User(account.id().uuid());
    require_as_much_as(tx, "get a key of a service account", principal, account.organization()).await
}

async fn list_mine(cx: Cx, (): (), (): (), (): ()) -> Result<Vec<api::ApiKey>> {
    refuse_device(&cx)?;
    let identity = cx.identity()?;
    require_person(identity)?;
    let all = Slice { offset: 0, limit: i64::MAX };
    cx.read(async |tx| {
        let profile = tx.allow::<Read, _>(Profile(identity.account)).await?;
        select(tx.sql(), &profile, all).await
    })
    .await
}

async fn create_mine(cx: Cx, (): (), (): (), new: api::ApiKeyCreate) -> Result<api::ApiKey> {
    refuse_device(&cx)?;
    check_new(&new)?;
    cx.tx(async |tx| {
        let profile = change_mine(&cx, tx).await?;
        tx.detail(&profile, &format!("created the personal access token '{}'", new.name));
        insert(tx.sql(), &profile, &cx.shared().vault, &new).await
    })
    .await
}

async fn delete_mine(cx: Cx, key: ApiKeyId, (): (), (): ()) -> Result<()> {
    refuse_device(&cx)?;
    cx.tx(async |tx| {
        let profile = change_mine(&cx, tx).await?;
        let before = select_one(tx.sql(), &profile, key).await?;
        tx.detail(&profile, &format!("removed the personal access token '{}'", before.name));
        remove(tx.sql(), &profile, key).await
    })
    .await
}

async fn change_mine(cx: &Cx, tx: &mut Tx) -> Result<Allowed<Update, Profile>> {
    let identity = cx.identity()?;
    require_person(identity)?;
    let profile = tx.allow::<Update, _>(Profile(identity.account)).await?;
    tx.note(&profile, identity.account, &identity.username);
    Ok(profile)
}

fn require_person(identity: &Identity) -> Result<()> {
    if identity.is_service_account {
        return Err(Error::forbidden(
            "A service account does not have personal access tokens. Its API keys are managed through its organization.",
        ));
    }
    Ok(())
}

fn check_new(new: &api::ApiKeyCreate) -> Result<()> {
    check::length("name", &new.name, 1..=50)?;
    check::optional_length("description", new.description.as_deref(), 0..=256)?;
    new.expires_in_minutes
        .map_or(Ok(()), |minutes| check::number("expires_in_minutes", minutes, 1..=LONGEST_LIFE))
}

async fn select(
    sql: &mut Sql,
    allowed: &Allowed<Read, impl Account>,
    slice: Slice,
) -> Result<Vec<api::ApiKey>> {
    sqlx::query("SELECT * FROM api_key WHERE account_id = $1 ORDER BY created, id LIMIT $2 OFFSET $3")
        .bind(allowed.account().to_string())
        .bind(slice.limit)
        .bind(slice.offset)
        .fetch_all(sql)
        .await?
        .iter()
        .map(read)
        .collect()
}

async fn select_one<A: Act>(
    sql: &mut Sql,
    allowed: &Allowed<A, impl Account>,
    key: ApiKeyId,
) -> Result<api::ApiKey> {
    let row = sqlx::query("SELECT * FROM api_key WHERE id = $1 AND account_id = $2")
        .bind(key.to_string())
        .bind(allowed.account().to_string())
        .fetch_optional(sql)
        .await?;
    read(&row.ok_or_else(|| Error::not_found(format!("API key '{key}' was not found.")))?)
}

fn read(row: &Row) -> Result<api::ApiKey> {
    Ok(api::ApiKey {
        id: column::id(row, "id")?,
        name: column::text(row, "name")?,
        description: column::optional(row, "description")?,
        active: column::flag(row, "is_active")?,
        key: None,
        expires_at: column::optional_time(row, "expires")?,
        last_login: column::optional_time(row, "last_login")?,
        last_rotated: column::optional_time(row, "rotated")?,
        created: Some(column::time(row, "created")?),
        updated: Some(column::time(row, "updated")?),
    })
}

/// Creates a key; only this response contains it.
async fn insert(
    sql: &mut Sql,
    allowed: &Allowed<Update, impl Account>,
    vault: &Vault,
    new: &api::ApiKeyCreate,
) -> Result<api::ApiKey> {
    let key = ApiKey::generate();
    sqlx::query(
        "INSERT INTO api_key (id, account_id, name, description, digest, expires, created, updated) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
    )
    .bind(key.id.to_string())
    .bind(allowed.account().to_string())
    .bind(&new.name)
    .bind(&new.description)
    .bind(vault.digest(key.secret.expose().as_bytes()))
    .bind(new.expires_in_minutes.map(|minutes| seconds_from_now(minutes.saturating_mul(60))))
    .bind(now())
    .execute(&mut *sql)
    .await?;
    let stored = select_one(sql, allowed, ApiKeyId::from_uuid(key.id)).await?;
    Ok(api::ApiKey { key: Some(key.to_text()), ..stored })
}

async fn edit(
    sql: &mut Sql,
    allowed: &Allowed<Update, impl Account>,
    mut key: api::ApiKey,
    new: api::ApiKeyUpdate,
) -> Result<()> {
    new.description.apply(&mut key.description);
    sqlx::query(
        "UPDATE api_key SET name = $1, description = $2, is_active = $3, updated = $4 \
         WHERE id = $5 AND account_id = $6",
    )
    .bind(new.name.unwrap_or(key.name))
    .bind(key.description)
    .bind(i64::from(new.active.unwrap_or(key.active)))
    .bind(now())
    .bind(key.id.to_string())
    .bind(allowed.account().to_string())
    .execute(sql)
    .await?;
    Ok(())
}

/// Gives a key a new secret; only this response contains it. Its lifetime starts again, unless the platform assumes
/// otherwise. The old secret stays valid for some minutes, but never longer than before.
async fn renew(
    sql: &mut Sql,
    allowed: &Allowed<Update, impl Account>,
    shared: &Shared,
    before: &api::ApiKey,
    minutes: i64,
) -> Result<api::ApiKey> {
    let key = ApiKey::generate_for(before.id.uuid());
    let began = before.last_rotated.as_ref().or(before.created.as_ref());
    let expires = before.expires_at.as_ref();
    let life = began.zip(expires).and_then(|(began, ends)| seconds_between(began.as_str(), ends.as_str()));
    let ends = if shared.assumptions.contains(&Assumption::RotationKeepsExpiry) {
        expires.map(|ends| ends.as_str().to_owned())
    } else {
        life.map(seconds_from_now)
    };
    let retained = (minutes > 0).then(|| {
        let until = seconds_from_now(minutes.saturating_mul(60));
        expires.map_or_else(|| until.clone(), |ends| until.clone().min(ends.as_str().to_owned()))
    });
    sqlx::query(
        "UPDATE api_key SET generation = generation + 1, retained_digest = CASE WHEN $1 IS NOT NULL THEN digest END, \
         retained_until = $1, digest = $2, expires = $3, rotated = $4, updated = $4 \
         WHERE id = $5 AND account_id = $6",
    )
    .bind(retained)
    .bind(shared.vault.digest(key.secret.expose().as_bytes()))
    .bind(ends)
    .bind(now())
    .bind(before.id.to_string())
    .bind(allowed.account().to_string())
    .execute(&mut *sql)
    .await?;
    Ok(api::ApiKey { key: Some(key.to_text()), ..select_one(sql, allowed, before.id).await? })
}

async fn remove(sql: &mut Sql, allowed: &Allowed<Update, impl Account>, key: ApiKeyId) -> Result<()> {
    sqlx::query("DELETE FROM api_key WHERE id = $1 AND account_id = $2")
        .bind(key.to_string())
        .bind(allowed.account().to_string())
        .execute(sql)
        .await?;
    Ok(())
}
