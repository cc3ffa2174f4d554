//! Logins of devices: a client shows a code, and a person who is logged in elsewhere confirms it.
//!
//! The token of a device lives longer than others, and cannot manage API keys. A login that waits for a person is
//! stored apart from the devices, so that it changes a device only after its person has confirmed it.

mod client;
mod sql;

use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;
use zenml_api::control::auth::{DEVICE_AUTHORIZATION, DeviceAuthorization, DeviceAuthorizationForm};
use zenml_api::control::device as api;
use zenml_api::error::ErrorAnswer;
use zenml_api::{DeviceId, IdOrName, Sensitive, WorkspaceId};

use super::check;
use super::user::Profile;
use super::workspace;
use crate::authn;
use crate::crypto::{random, random_string};
use crate::error::{Error, Issue, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{Allowed, Identity, Read, Tx, Update};
use crate::token::Root;
use client::Client;
use sql::{CODES, Login};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .open(&DEVICE_AUTHORIZATION, authorize)
        .serve(&api::LIST, list)
        .serve(&api::GET, get)
        .serve(&api::VERIFY, verify)
        .serve(&api::UPDATE, update)
        .serve(&api::DELETE, delete)
}

/// Path of the page on which a person confirms a device.
pub(crate) const PAGE: &str = "/pages/device";

/// Seconds between two polls.
const INTERVAL: i64 = 5;
/// The letters of user codes: easy to read and to type.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// Maximum size of the metadata of a device, in bytes.
const LARGEST_METADATA: usize = 16 << 10;

async fn authorize(cx: Cx, (): (), (): (), form: DeviceAuthorizationForm) -> Result<DeviceAuthorization> {
    let client = Uuid::try_parse(&form.client_id)
        .map_err(|_| Error::validation(vec![Issue::of_kind(&["body", "client_id"], "uuid_parsing")]))?;
    cx.shared().logins.start_device(cx.address())?;
    let (device_code, user_code) = (random_string(), user_code());
    cx.tx(async |tx| {
        let vault = &cx.shared().vault;
        let digests = [vault.digest(user_code.as_bytes()), vault.digest(device_code.as_bytes())];
        sql::begin_unchecked(tx.sql(), client, form.device_id, digests, &Client::of(cx.request())).await?;
        let page = format!("{}{PAGE}", cx.shared().base_url);
        Ok(DeviceAuthorization {
            device_code: device_code.clone().into(),
            user_code: user_code.clone().into(),
            verification_uri_complete: Some(format!("{page}?user_code={user_code}")),
            verification_uri: page,
            expires_in: CODES,
            interval: INTERVAL,
        })
    })
    .await
}

/// Returns a code such as `BCDF-GHJK`.
fn user_code() -> String {
    let mut letters = String::new();
    while letters.len() < 8 {
        // Each letter is equally likely: the bytes from the last multiple of their number on are skipped.
        let bytes = random::<16>().into_iter().filter(|byte| *byte < 240);
        letters.extend(bytes.map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()])));
    }
    format!("{}-{}", &letters[..4], &letters[4..8])
}

/// Lists the devices of the caller, the last used first.
pub(crate) async fn list(cx: Cx, (): (), query: api::DeviceQuery, (): ()) -> Result<Vec<api::Device>> {
    let slice = check::slice(query.offset, query.limit)?;
    let identity = cx.identity()?;
    cx.read(async |tx| {
        let profile = tx.allow::<Read, _>(Profile(identity.account)).await?;
        sql::select(tx.sql(), &profile, slice).await
    })
    .await
}

async fn get(cx: Cx, wanted: IdOrName<DeviceId>, (): (), (): ()) -> Result<api::Device> {
    match wanted {
        IdOrName::Id(id) => {
            let identity = cx.identity()?;
            cx.read(async |tx| {
                let profile = tx.allow::<Read, _>(Profile(identity.account)).await?;
                let found = sql::select_one(tx.sql(), &profile, id).await?;
                match found {
                    Some(device) => Ok(device),
                    None => sql::confirmed(tx.sql(), &profile, id).await?.ok_or_else(unknown),
                }
            })
            .await
        }
        IdOrName::Name(code) => waiting(&cx, &code.into()).await,
    }
}

async fn verify(cx: Cx, (): (), (): (), new: api::DeviceVerification) -> Result<api::Device> {
    confirm(&cx, &new).await
}

/// Locks, unlocks, trusts or distrusts a device of the caller.
pub(crate) async fn update(cx: Cx, id: DeviceId, (): (), change: api::DeviceUpdate) -> Result<api::Device> {
    require_no_device(cx.identity()?)?;
    cx.tx(async |tx| {
        let profile = permit(&cx, tx).await?;
        let before = sql::select_one(tx.sql(), &profile, id).await?.ok_or_else(unknown)?;
        let words = match change.locked {
            Some(true) => "locked",
            Some(false) => "unlocked",
            None => "changed",
        };
        tx.detail(&profile, &format!("{words} the device '{id}'"));
        sql::write(tx.sql(), &profile, &before, &change).await?;
        sql::select_one(tx.sql(), &profile, id).await?.ok_or_else(unknown)
    })
    .await
}

/// Ends the login of a device of the caller.
pub(crate) async fn delete(cx: Cx, id: DeviceId, (): (), (): ()) -> Result<()> {
    cx.tx(async |tx| {
        let profile = permit(&cx, tx).await?;
        tx.detail(&profile, &format!("deleted the device '{id}'"));
        if sql::remove(tx.sql(), &profile, id).await? { Ok(()) } else { Err(unknown()) }
    })
    .await
}

/// Returns the device that waits for a person and shows this code.
///
/// # Errors
/// 404 if there is none, 429 after too many wrong codes.
pub(crate) async fn waiting(cx: &Cx, code: &Sensitive<String>) -> Result<api::Device> {
    with_code(cx, async || {
        cx.read(async |tx| {
            let found = sql::locate(tx.sql(), &cx.shared().vault, code).await?;
            Ok(found.ok_or_else(unknown)?.device)
        })
        .await
    })
    .await
}

/// Confirms the device that shows a code, as the caller.
///
/// # Errors
/// 400 if the workspace is missing or not available to the caller, 404 if no device shows this code.
pub(crate) async fn confirm(cx: &Cx, new: &api::DeviceVerification) -> Result<api::Device> {
    let identity = cx.identity()?;
    require_person(identity)?;
    if let Some(metadata) = &new.device_metadata {
        check::document("device_metadata", metadata, LARGEST_METADATA)?;
    }
    with_code(cx, async || {
        cx.tx(async |tx| {
            let found = sql::locate(tx.sql(), &cx.shared().vault, &new.user_code).await?;
            let waiting = found.ok_or_else(unknown)?;
            let metadata = chosen(tx, new.device_metadata.as_ref()).await?;
            let profile = permit(cx, tx).await?;
            let device = sql::confirm(tx.sql(), &profile, &waiting, new.trusted_device, &metadata).await?;
            tx.detail(&profile, &format!("confirmed the device '{device}'"));
            sql::confirmed(tx.sql(), &profile, device).await?.ok_or_else(unknown)
        })
        .await
    })
    .await
}

/// Refuses the device that shows a code: its client is told so.
///
/// # Errors
/// 404 if no device shows this code.
pub(crate) async fn refuse(cx: &Cx, code: &Sensitive<String>) -> Result<()> {
    require_person(cx.identity()?)?;
    with_code(cx, async || {
        cx.tx(async |tx| {
            let found = sql::locate(tx.sql(), &cx.shared().vault, code).await?;
            let waiting = found.ok_or_else(unknown)?;
            let profile = permit(cx, tx).await?;
            tx.detail(&profile, &format!("refused the device '{}'", waiting.device.id));
            sql::refuse(tx.sql(), &profile, &waiting).await
        })
        .await
    })
    .await
}

/// Runs work that needs the device with a code. Codes without a device are counted.
async fn with_code<T>(cx: &Cx, work: impl AsyncFnOnce() -> Result<T>) -> Result<T> {
    let account = cx.identity()?.account.to_string();
    cx.shared().logins.enter_code(cx.address(), &account)?;
    let result = work().await;
    let wrong = result.as_ref().is_err_and(|error| error.status() == StatusCode::NOT_FOUND);
    if !wrong {
        cx.shared().logins.right_code(cx.address(), &account);
    }
    result
}

/// Proves that the caller may change its own devices, and records the change.
async fn permit(cx: &Cx, tx: &mut Tx) -> Result<Allowed<Update, Profile>> {
    let identity = cx.identity()?;
    let profile = tx.allow::<Update, _>(Profile(identity.account)).await?;
    tx.note(&profile, identity.account, &identity.username);
    Ok(profile)
}

/// A device, and a script that runs on it, must not let other devices in or undo a lock.
fn require_no_device(identity: &Identity) -> Result<()> {
    match identity.root.device {
        Some(_) => Err(authn::wrong_type("device_code")),
        None => Ok(()),
    }
}

fn require_person(identity: &Identity) -> Result<()> {
    require_no_device(identity)?;
    if identity.is_service_account {
        return Err(Error::forbidden("Only a person can confirm a device."));
    }
    Ok(())
}

/// Returns the metadata of a device with the workspace that its client connects to. Without one, clients fail.
async fn chosen(tx: &mut Tx, metadata: Option<&Value>) -> Result<Value> {
    let mut metadata = metadata.cloned().unwrap_or_else(|| json!({}));
    let members = metadata
        .as_object_mut()
        .ok_or_else(|| Error::validation(vec![Issue::of_kind(&["body", "device_metadata"], "dict_type")]))?;
    let workspaces = workspace::enterable(tx).await?;
    let workspace = match (members.get("tenant_id"), workspaces.as_slice()) {
        (None | Some(Value::Null), [only]) => only.id,
        (None | Some(Value::Null), _) => {
            return Err(Error::value(
                "device_metadata.tenant_id is required: the ID of an available workspace that you can log in to.",
            ));
        }
        (Some(id), _) => {
            let id = id.as_str().and_then(|id| id.parse::<WorkspaceId>().ok());
            let known = workspaces.iter().find(|workspace| Some(workspace.id) == id);
            let unavailable = "The workspace of device_metadata.tenant_id does not exist, is not available, or you \
                               cannot log in to it.";
            known.ok_or_else(|| Error::value(unavailable))?.id
        }
    };
    members.insert("tenant_id".to_owned(), Value::String(workspace.to_string()));
    Ok(metadata)
}

/// Whether the person of a confirmed login can log in to the workspace that was chosen.
async fn is_still_open(tx: &mut Tx, device: &api::Device) -> Result<bool> {
    let chosen = device.device_metadata.as_ref().and_then(|metadata| metadata.get("tenant_id")?.as_str());
    let (Some(id), Some(account)) = (chosen.and_then(|id| id.parse().ok()), device.user_id) else {
        return Ok(false);
    };
    workspace::is_open_to(tx, id, account).await
}

fn unknown() -> Error {
    Error::not_found("The device was not found, or its code has expired.")
}

/// A login of a device that a person has confirmed.
#[derive(Debug, Serialize)]
pub(super) struct Redeemed {
    pub(super) id: DeviceId,
    pub(super) metadata: Option<Value>,
    pub(super) root: Root,
}

/// Exchanges the code of a device, once.
///
/// # Errors
/// 400 in the format of OAuth, such as `authorization_pending` while the person has not confirmed it.
pub(super) async fn redeem(cx: &Cx, client: &str, code: &Sensitive<String>) -> Result<Redeemed> {
    let digest = cx.shared().vault.digest(code.expose().as_bytes());
    let client = client.to_lowercase();
    // Most polls come too early, and do not have to wait for the writer.
    let polled = cx.read(async |tx| sql::by_device_code(tx.sql(), &client, &digest).await).await?;
    require_confirmed(cx, &digest, polled)?;
    let redeemed = cx
        .tx(async |tx| {
            let login = sql::by_device_code(tx.sql(), &client, &digest).await?;
            let login = require_confirmed(cx, &digest, login)?;
            // Clients fail without a workspace, and it may have changed since it was chosen.
            let is_open = is_still_open(tx, &login.device).await?;
            let root = sql::redeem_unchecked(tx.sql(), &login, is_open).await?;
            let (id, metadata) = (login.device.id, login.device.device_metadata);
            Ok(root.map(|root| Redeemed { id, metadata, root }))
        })
        .await?;
    // After the commit: a login that failed is over.
    redeemed.ok_or_else(|| {
        oauth(
            "access_denied",
            "The person who confirmed the device can no longer log in to the workspace, or has locked the device.",
        )
    })
}

/// Returns the login if a person has confirmed it.
fn require_confirmed(cx: &Cx, digest: &[u8], login: Option<Login>) -> Result<Login> {
    let Some(login) = login else {
        return Err(oauth("invalid_grant", "The device code is unknown or was used."));
    };
    match login.status.as_str() {
        "refused" => Err(oauth("access_denied", "The login was refused.")),
        _ if login.is_expired => Err(oauth("expired_token", "The device code has expired.")),
        "pending" if cx.shared().logins.polls_too_early(digest) => {
            Err(oauth("slow_down", &format!("Poll every {INTERVAL} seconds.")))
        }
        "pending" => Err(oauth("authorization_pending", "Nobody has confirmed the device yet.")),
        _ => Ok(login),
    }
}

fn oauth(code: &str, description: &str) -> Error {
    let answer =
        ErrorAnswer::OAuth { error: code.to_owned(), error_description: Some(description.to_owned()) };
    Error::exact(StatusCode::BAD_REQUEST, answer)
}
