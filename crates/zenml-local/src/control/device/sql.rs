//! Queries of devices, and of logins that wait for a person.

use serde_json::Value;
use sqlx::Row as _;
use uuid::Uuid;
use zenml_api::control::device as api;
use zenml_api::{DeviceId, Identifier as _, Sensitive, Timestamp, UserId};

use super::super::check::Slice;
use super::super::user::{Account as _, Profile};
use super::client::Client;
use crate::crypto::Vault;
use crate::error::{Error, Result};
use crate::rbac::{Allowed, Read, Update};
use crate::store::{Row, Sql, column, now, seconds_from_now};
use crate::token::Root;

/// Lifetime of the codes, in seconds.
pub(super) const CODES: i64 = 300;
/// Lifetime of the token of a device, in seconds: one day, or thirty for a trusted one.
const LIFE: [i64; 2] = [24 * 3600, 30 * 24 * 3600];
/// Maximum number of logins that wait for a person: anyone can start one.
const WAITING: i64 = 1000;
/// For how long an expired login is kept, in seconds, so that its client learns why.
const KEPT: i64 = 600;

/// A login of a device that has not ended.
#[derive(Debug)]
pub(super) struct Login {
    id: Uuid,
    pub(super) status: String,
    pub(super) is_expired: bool,
    pub(super) device: api::Device,
    epoch: i64,
}

/// Stores a login that waits for a person. A known device is not changed.
pub(super) async fn begin_unchecked(
    sql: &mut Sql,
    client_id: Uuid,
    known: Option<DeviceId>,
    [user, device]: [Vec<u8>; 2],
    client: &Client,
) -> Result<()> {
    sqlx::query(
        "DELETE FROM device WHERE expires <= $1 OR session_epoch <> \
         (SELECT session_epoch FROM account WHERE account.id = device.account_id)",
    )
    .bind(now())
    .execute(&mut *sql)
    .await?;
    sqlx::query("DELETE FROM device_login WHERE expires <= $1")
        .bind(seconds_from_now(-KEPT))
        .execute(&mut *sql)
        .await?;
    let waiting: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM device_login WHERE user_digest IS NOT NULL AND expires > $1",
    )
    .bind(now())
    .fetch_one(&mut *sql)
    .await?;
    if waiting >= WAITING {
        return Err(Error::too_many("Too many devices wait for their confirmation.", CODES.unsigned_abs()));
    }
    let known: Option<String> = sqlx::query_scalar("SELECT id FROM device WHERE id = $1 AND client_id = $2")
        .bind(known.map(|id| id.to_string()))
        .bind(client_id.to_string())
        .fetch_optional(&mut *sql)
        .await?;
    sqlx::query(
        "INSERT INTO device_login (id, client_id, device_id, user_digest, device_digest, status, hostname, os, \
         address, python_version, zenml_version, created, expires) \
         VALUES ($1, $2, $3, $4, $5, 'pending', $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(Uuid::new_v4().to_string())
    .bind(client_id.to_string())
    .bind(known.unwrap_or_else(|| DeviceId::random().to_string()))
    .bind(user)
    .bind(device)
    .bind(&client.hostname)
    .bind(&client.os)
    .bind(&client.address)
    .bind(&client.python)
    .bind(&client.zenml)
    .bind(now())
    .bind(seconds_from_now(CODES))
    .execute(sql)
    .await?;
    Ok(())
}

/// Finds a waiting login by the code that its device shows: whoever knows the code may confirm it.
pub(super) async fn locate(sql: &mut Sql, vault: &Vault, code: &Sensitive<String>) -> Result<Option<Login>> {
    let letters: String = code.expose().chars().filter(char::is_ascii_alphabetic).collect();
    let code = match letters.to_ascii_uppercase().split_at_checked(4) {
        Some((first, second)) => format!("{first}-{second}"),
        None => return Ok(None),
    };
    let row = sqlx::query("SELECT * FROM device_login WHERE user_digest = $1 AND expires > $2")
        .bind(vault.digest(code.as_bytes()))
        .bind(now())
        .fetch_optional(sql)
        .await?;
    row.as_ref().map(read_login).transpose()
}

/// Finds a login by the code with which its device polls.
pub(super) async fn by_device_code(sql: &mut Sql, client: &str, digest: &[u8]) -> Result<Option<Login>> {
    let row = sqlx::query("SELECT * FROM device_login WHERE device_digest = $1 AND client_id = $2")
        .bind(digest)
        .bind(client)
        .fetch_optional(sql)
        .await?;
    row.as_ref().map(read_login).transpose()
}

/// A login that the account has confirmed, and whose device has not polled since.
pub(super) async fn confirmed<A>(
    sql: &mut Sql,
    profile: &Allowed<A, Profile>,
    device: DeviceId,
) -> Result<Option<api::Device>> {
    let row =
        sqlx::query("SELECT * FROM device_login WHERE device_id = $1 AND account_id = $2 AND expires > $3")
            .bind(device.to_string())
            .bind(profile.account().to_string())
            .bind(now())
            .fetch_optional(sql)
            .await?;
    Ok(row.as_ref().map(read_login).transpose()?.map(|login| login.device))
}

/// Confirms a login and uses up its code. The device keeps its id only if it already belongs to the account and is not
/// locked. Returns its id.
pub(super) async fn confirm(
    sql: &mut Sql,
    profile: &Allowed<Update, Profile>,
    login: &Login,
    is_trusted: bool,
    metadata: &Value,
) -> Result<DeviceId> {
    let other = sqlx::query("SELECT 1 FROM device WHERE id = $1 AND (account_id <> $2 OR is_locked = 1)")
        .bind(login.device.id.to_string())
        .bind(profile.account().to_string())
        .fetch_optional(&mut *sql)
        .await?;
    let device = if other.is_some() { DeviceId::random() } else { login.device.id };
    sqlx::query(
        "UPDATE device_login SET account_id = $1, device_id = $2, user_digest = NULL, is_trusted = $3, metadata = $4, \
         status = 'verified', session_epoch = (SELECT session_epoch FROM account WHERE id = $1) WHERE id = $5",
    )
    .bind(profile.account().to_string())
    .bind(device.to_string())
    .bind(i64::from(is_trusted))
    .bind(metadata.to_string())
    .bind(login.id.to_string())
    .execute(sql)
    .await?;
    Ok(device)
}

/// Refuses a login and uses up its code.
pub(super) async fn refuse(sql: &mut Sql, _profile: &Allowed<Update, Profile>, login: &Login) -> Result<()> {
    sqlx::query("UPDATE device_login SET user_digest = NULL, status = 'refused' WHERE id = $1")
        .bind(login.id.to_string())
        .execute(sql)
        .await?;
    Ok(())
}

/// Ends a confirmed login and begins the session of its device; earlier sessions of the device end. Returns `None` if
/// the person or the device may no longer log in, or not to the workspace that was chosen (`is_open`).
pub(super) async fn redeem_unchecked(sql: &mut Sql, login: &Login, is_open: bool) -> Result<Option<Root>> {
    sqlx::query("DELETE FROM device_login WHERE id = $1")
        .bind(login.id.to_string())
        .execute(&mut *sql)
        .await?;
    let Some(account) = login.device.user_id else { return Ok(None) };
    let current = sqlx::query("SELECT 1 FROM account WHERE id = $1 AND is_active = 1 AND session_epoch = $2")
        .bind(account.to_string())
        .bind(login.epoch)
        .fetch_optional(&mut *sql)
        .await?;
    if current.is_none() || !is_open {
        return Ok(None);
    }
    let device = &login.device;
    let life = LIFE[usize::from(device.trusted_device)];
    let root = Root::of_device(device.id.uuid(), account.uuid(), login.epoch, life);
    let done = sqlx::query(
        "INSERT INTO device (id, client_id, account_id, session_id, is_trusted, metadata, hostname, os, address, \
         python_version, zenml_version, created, updated, last_login, last_used, expires, session_epoch) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $12, $12, $13, $14) \
         ON CONFLICT (id) DO UPDATE SET session_id = excluded.session_id, is_trusted = excluded.is_trusted, \
         metadata = excluded.metadata, hostname = excluded.hostname, os = excluded.os, address = excluded.address, \
         python_version = excluded.python_version, zenml_version = excluded.zenml_version, \
         updated = excluded.updated, last_login = excluded.last_login, last_used = excluded.last_used, \
         expires = excluded.expires, session_epoch = excluded.session_epoch \
         WHERE account_id = excluded.account_id AND is_locked = 0",
    )
    .bind(device.id.to_string())
    .bind(&device.client_id)
    .bind(account.to_string())
    .bind(root.session.to_string())
    .bind(i64::from(device.trusted_device))
    .bind(device.device_metadata.as_ref().map(Value::to_string))
    .bind(&device.hostname)
    .bind(&device.os)
    .bind(&device.ip_address)
    .bind(&device.python_version)
    .bind(&device.zenml_version)
    .bind(now())
    .bind(seconds_from_now(life))
    .bind(login.epoch)
    .execute(sql)
    .await?;
    Ok((done.rows_affected() > 0).then_some(root))
}

/// The devices of the account `$1` whose logins have not ended at the time `$2`: by their expiry, a new password, or the
/// deactivation of the account.
macro_rules! of_account {
    () => {
        "SELECT * FROM device WHERE account_id = $1 AND expires > $2 AND session_epoch = \
         (SELECT session_epoch FROM account WHERE account.id = device.account_id AND is_active = 1)"
    };
}

/// Lists the devices of an account, the last used first.
pub(super) async fn select(
    sql: &mut Sql,
    profile: &Allowed<Read, Profile>,
    slice: Slice,
) -> Result<Vec<api::Device>> {
    sqlx::query(concat!(
        of_account!(),
        " ORDER BY COALESCE(last_used, last_login) DESC, id LIMIT $3 OFFSET $4"
    ))
    .bind(profile.account().to_string())
    .bind(now())
    .bind(slice.limit)
    .bind(slice.offset)
    .fetch_all(sql)
    .await?
    .iter()
    .map(read)
    .collect()
}

/// A device of an account.
pub(super) async fn select_one<A>(
    sql: &mut Sql,
    profile: &Allowed<A, Profile>,
    id: DeviceId,
) -> Result<Option<api::Device>> {
    let row = sqlx::query(concat!(of_account!(), " AND id = $3"))
        .bind(profile.account().to_string())
        .bind(now())
        .bind(id.to_string())
        .fetch_optional(sql)
        .await?;
    row.as_ref().map(read).transpose()
}

/// Updates a device. Without trust, its login ends after a day at the latest.
pub(super) async fn write(
    sql: &mut Sql,
    profile: &Allowed<Update, Profile>,
    before: &api::Device,
    change: &api::DeviceUpdate,
) -> Result<()> {
    let mut expires = before.expires.as_ref().map_or_else(now, |time| time.as_str().to_owned());
    if change.trusted_device == Some(false) {
        expires = expires.min(seconds_from_now(LIFE[0]));
    }
    sqlx::query(
        "UPDATE device SET is_locked = COALESCE($1, is_locked), is_trusted = COALESCE($2, is_trusted), expires = $3, \
         updated = $4 WHERE id = $5 AND account_id = $6",
    )
    .bind(change.locked.map(i64::from))
    .bind(change.trusted_device.map(i64::from))
    .bind(expires)
    .bind(now())
    .bind(before.id.to_string())
    .bind(profile.account().to_string())
    .execute(sql)
    .await?;
    Ok(())
}

/// Deletes a device of an account, and its logins that were not completed. Returns whether there was one.
pub(super) async fn remove(sql: &mut Sql, profile: &Allowed<Update, Profile>, id: DeviceId) -> Result<bool> {
    let mut removed = 0;
    for statement in [
        "DELETE FROM device WHERE id = $1 AND account_id = $2",
        "DELETE FROM device_login WHERE device_id = $1 AND account_id = $2",
    ] {
        let done = sqlx::query(statement)
            .bind(id.to_string())
            .bind(profile.account().to_string())
            .execute(&mut *sql)
            .await?;
        removed += done.rows_affected();
    }
    Ok(removed > 0)
}

fn read_login(row: &Row) -> Result<Login> {
    let id = column::text(row, "id")?;
    let (status, expires) = (column::text(row, "status")?, column::text(row, "expires")?);
    let created = column::time(row, "created")?;
    Ok(Login {
        id: Uuid::try_parse(&id).map_err(|error| Error::internal("a stored id is invalid", error))?,
        is_expired: expires <= now(),
        epoch: row.try_get("session_epoch")?,
        device: api::Device {
            id: column::id(row, "device_id")?,
            status: Some(status.clone()),
            updated: Some(created.clone()),
            created: Some(created),
            last_login: None,
            last_used: None,
            expires: Some(Timestamp::new(expires)),
            ..described(row)?
        },
        status,
    })
}

fn read(row: &Row) -> Result<api::Device> {
    let status = if column::flag(row, "is_locked")? { "locked" } else { "active" };
    Ok(api::Device {
        id: column::id(row, "id")?,
        status: Some(status.to_owned()),
        created: Some(column::time(row, "created")?),
        updated: Some(column::time(row, "updated")?),
        last_login: Some(column::time(row, "last_login")?),
        last_used: column::optional_time(row, "last_used")?,
        expires: Some(column::time(row, "expires")?),
        ..described(row)?
    })
}

/// The columns that devices and their logins share.
fn described(row: &Row) -> Result<api::Device> {
    let metadata = column::optional(row, "metadata")?;
    let metadata = metadata.map(|text| serde_json::from_str(&text)).transpose();
    Ok(api::Device {
        id: DeviceId::random(),
        client_id: column::optional(row, "client_id")?,
        user_id: column::optional_id::<UserId>(row, "account_id")?,
        trusted_device: column::flag(row, "is_trusted")?,
        status: None,
        hostname: column::optional(row, "hostname")?,
        os: column::optional(row, "os")?,
        ip_address: column::optional(row, "address")?,
        python_version: column::optional(row, "python_version")?,
        zenml_version: column::optional(row, "zenml_version")?,
        device_metadata: metadata.map_err(|error| Error::internal("stored metadata is invalid", error))?,
        created: None,
        updated: None,
        last_login: None,
        last_used: None,
        expires: None,
    })
}
