//! Logins of devices: a client shows a code, and a person who is logged in elsewhere confirms it.
//!
//! The token of a device lives longer than others, and cannot manage API keys.

use http::StatusCode;
use serde_json::Value;
use sqlx::Row as _;
use uuid::Uuid;
use zenml_api::control::auth::{DEVICE_AUTHORIZATION, DeviceAuthorization, DeviceAuthorizationForm};
use zenml_api::control::device as api;
use zenml_api::error::ErrorAnswer;
use zenml_api::{DeviceId, IdOrName, Identifier as _, Sensitive, UserId};

use super::check;
use super::user::{Account, Profile};
use crate::authn;
use crate::crypto::{Vault, random, random_string};
use crate::error::{Error, Issue, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{Allowed, Credential, Update};
use crate::store::{Row, Sql, column, now, seconds_from_now};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.open(&DEVICE_AUTHORIZATION, authorize).serve(&api::GET, get).serve(&api::VERIFY, verify)
}

/// Lifetime of the codes, in seconds.
const CODES: i64 = 300;
/// Seconds between two polls.
const INTERVAL: i64 = 5;
/// Maximum number of devices that wait for a person: anyone can start a login.
const WAITING: i64 = 1000;
/// Lifetime of the token of a device, in seconds: one day, or thirty for a trusted one.
const LIFE: [i64; 2] = [24 * 3600, 30 * 24 * 3600];
/// The letters of user codes: easy to read and to type.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// Maximum size of the metadata of a device, in bytes.
const LARGEST_METADATA: usize = 16 << 10;

async fn authorize(cx: Cx, (): (), (): (), form: DeviceAuthorizationForm) -> Result<DeviceAuthorization> {
    let client = Uuid::try_parse(&form.client_id)
        .map_err(|_| Error::validation(vec![Issue::of_kind(&["body", "client_id"], "uuid_parsing")]))?;
    let (device_code, user_code) = (random_string(), user_code());
    cx.tx(async |tx| {
        let vault = &cx.shared().vault;
        let digests = [vault.digest(user_code.as_bytes()), vault.digest(device_code.as_bytes())];
        begin_unchecked(tx.sql(), client, form.device_id, digests).await?;
        Ok(DeviceAuthorization {
            device_code: device_code.clone().into(),
            user_code: user_code.clone().into(),
            verification_uri: "/devices/verify".to_owned(),
            verification_uri_complete: None,
            expires_in: CODES,
            interval: INTERVAL,
        })
    })
    .await
}

/// Returns a code such as `BCDF-GHJK`.
fn user_code() -> String {
    let letter = |byte: u8| char::from(LETTERS[usize::from(byte) % LETTERS.len()]);
    let letters: String = random::<8>().into_iter().map(letter).collect();
    format!("{}-{}", &letters[..4], &letters[4..])
}

async fn get(cx: Cx, wanted: IdOrName<DeviceId>, (): (), (): ()) -> Result<api::Device> {
    let identity = cx.identity()?;
    cx.read(async |tx| {
        let found = match &wanted {
            IdOrName::Id(id) => {
                sqlx::query("SELECT * FROM device WHERE id = $1 AND account_id = $2")
                    .bind(id.to_string())
                    .bind(identity.account.to_string())
                    .fetch_optional(tx.sql())
                    .await?
            }
            IdOrName::Name(code) => locate(tx.sql(), &cx.shared().vault, code).await?,
        };
        read(&found.ok_or_else(unknown)?)
    })
    .await
}

async fn verify(cx: Cx, (): (), (): (), new: api::DeviceVerification) -> Result<api::Device> {
    let identity = cx.identity()?;
    if identity.credential == Credential::Device {
        return Err(authn::wrong_type("device_code"));
    }
    if identity.is_service_account {
        return Err(Error::forbidden("Only a person can confirm a device."));
    }
    if let Some(metadata) = &new.device_metadata {
        check::document("device_metadata", metadata, LARGEST_METADATA)?;
    }
    cx.tx(async |tx| {
        let found = locate(tx.sql(), &cx.shared().vault, new.user_code.expose()).await?;
        let device: DeviceId = column::id(&found.ok_or_else(unknown)?, "id")?;
        let profile = tx.allow::<Update, _>(Profile(identity.account)).await?;
        tx.note(&profile, identity.account, &identity.username);
        tx.detail(&profile, &format!("confirmed the device '{device}'"));
        confirm(tx.sql(), &profile, device, &new).await
    })
    .await
}

fn unknown() -> Error {
    Error::not_found("The device was not found, or its code has expired.")
}

/// A device whose login a person has confirmed.
#[derive(Debug)]
pub(super) struct Confirmed {
    pub(super) id: DeviceId,
    pub(super) account: Uuid,
    pub(super) epoch: i64,
    pub(super) metadata: Option<Value>,
    /// Lifetime of its token, in seconds.
    pub(super) life: i64,
}

/// Exchanges the code of a device, once.
///
/// # Errors
/// 400 in the format of OAuth, such as `authorization_pending` while the person has not confirmed it.
pub(super) async fn redeem(cx: &Cx, client: &str, code: &Sensitive<String>) -> Result<Confirmed> {
    let digest = cx.shared().vault.digest(code.expose().as_bytes());
    let used = || oauth("invalid_grant", "The device code is unknown or was used.");
    // Most polls come too early, and do not have to wait for the writer.
    let confirmed = cx
        .read(async |tx| {
            let row = sqlx::query("SELECT * FROM device WHERE device_digest = $1 AND client_id = $2")
                .bind(&digest)
                .bind(client.to_lowercase())
                .fetch_optional(tx.sql())
                .await?;
            confirmed(&row.ok_or_else(used)?)
        })
        .await?;
    cx.tx(async |tx| {
        let once = sqlx::query(
            "UPDATE device SET status = 'active', device_digest = NULL, expires = $1 \
             WHERE id = $2 AND device_digest = $3",
        )
        .bind(seconds_from_now(confirmed.life))
        .bind(confirmed.id.to_string())
        .bind(&digest)
        .execute(tx.sql())
        .await?;
        if once.rows_affected() == 0 { Err(used()) } else { Ok(()) }
    })
    .await?;
    Ok(confirmed)
}

fn confirmed(row: &Row) -> Result<Confirmed> {
    if column::text(row, "expires")? <= now() {
        return Err(oauth("expired_token", "The device code has expired."));
    }
    let account = column::optional_id::<UserId>(row, "account_id")?
        .ok_or_else(|| oauth("authorization_pending", "Nobody has confirmed the device yet."))?;
    let metadata = column::optional(row, "metadata")?;
    let metadata = metadata.map(|text| serde_json::from_str(&text)).transpose();
    Ok(Confirmed {
        id: column::id(row, "id")?,
        account: account.uuid(),
        epoch: row.try_get("session_epoch")?,
        metadata: metadata.map_err(|error| Error::internal("stored metadata is invalid", error))?,
        life: LIFE[usize::from(column::flag(row, "is_trusted")?)],
    })
}

fn oauth(code: &str, description: &str) -> Error {
    let answer =
        ErrorAnswer::OAuth { error: code.to_owned(), error_description: Some(description.to_owned()) };
    Error::exact(StatusCode::BAD_REQUEST, answer)
}

/// Stores a device that waits for a person. A known device gets new codes.
async fn begin_unchecked(
    sql: &mut Sql,
    client: Uuid,
    known: Option<DeviceId>,
    [user, device]: [Vec<u8>; 2],
) -> Result<()> {
    sqlx::query("DELETE FROM device WHERE expires <= $1").bind(now()).execute(&mut *sql).await?;
    let waiting: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM device WHERE user_digest IS NOT NULL")
        .fetch_one(&mut *sql)
        .await?;
    if waiting >= WAITING {
        return Err(Error::too_many("Too many devices wait for their confirmation.", CODES.unsigned_abs()));
    }
    sqlx::query(
        "INSERT INTO device (id, client_id, user_digest, device_digest, status, expires) \
         VALUES ($1, $2, $3, $4, 'pending', $5) ON CONFLICT (id) DO UPDATE SET account_id = NULL, \
         user_digest = excluded.user_digest, device_digest = excluded.device_digest, status = excluded.status, \
         expires = excluded.expires WHERE client_id = excluded.client_id",
    )
    .bind(known.unwrap_or_else(DeviceId::random).to_string())
    .bind(client.to_string())
    .bind(user)
    .bind(device)
    .bind(seconds_from_now(CODES))
    .execute(sql)
    .await?;
    Ok(())
}

/// Finds a device by the code that it shows: whoever knows the code may confirm it.
async fn locate(sql: &mut Sql, vault: &Vault, code: &str) -> Result<Option<Row>> {
    let code = code.trim().to_uppercase();
    let query = sqlx::query("SELECT * FROM device WHERE user_digest = $1 AND expires > $2");
    Ok(query.bind(vault.digest(code.as_bytes())).bind(now()).fetch_optional(sql).await?)
}

async fn confirm(
    sql: &mut Sql,
    profile: &Allowed<Update, Profile>,
    device: DeviceId,
    new: &api::DeviceVerification,
) -> Result<api::Device> {
    sqlx::query(
        "UPDATE device SET account_id = $1, user_digest = NULL, is_trusted = $2, metadata = $3, status = 'verified', \
         session_epoch = (SELECT session_epoch FROM account WHERE id = $1) WHERE id = $4",
    )
    .bind(profile.account().to_string())
    .bind(i64::from(new.trusted_device))
    .bind(new.device_metadata.as_ref().map(Value::to_string))
    .bind(device.to_string())
    .execute(&mut *sql)
    .await?;
    let row =
        sqlx::query("SELECT * FROM device WHERE id = $1").bind(device.to_string()).fetch_one(sql).await?;
    read(&row)
}

fn read(row: &Row) -> Result<api::Device> {
    Ok(api::Device {
        id: column::id(row, "id")?,
        trusted_device: column::flag(row, "is_trusted")?,
        status: Some(column::text(row, "status")?),
    })
}
