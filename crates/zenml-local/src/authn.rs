//! Authentication: from a credential to an [`Actor`].

use http::StatusCode;
use sqlx::Row as _;
use uuid::Uuid;
use zenml_api::error::ErrorAnswer;
use zenml_api::{Identifier, Sensitive, UserId};

use crate::crypto::{API_KEY_PREFIX, ApiKey};
use crate::error::{Error, Result};
use crate::login::Address;
use crate::rbac::{Action, Actor, Credential, Holdings, Identity, Kind, Resource, Target, WorkspacePlace};
use crate::state::Shared;
use crate::store::{Sql, now, seconds_from_now};
use crate::token::{Automation, Device, Root, Secret, Session, WorkspaceServer, WorkspaceSession};

/// Who may call a route. The handler decides what they may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everyone, without a credential.
    Open,
    /// People and service accounts.
    Account,
    /// Servers of workspaces.
    WorkspaceServer,
}

/// The credentials of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestCredentials {
    /// The bearer credential, as sent.
    pub(crate) bearer: Option<Sensitive<String>>,
    /// All cookies, as sent.
    pub(crate) cookies: Option<Sensitive<String>>,
    /// Whether there is an `Authorization` header, of any scheme.
    pub(crate) has_authorization: bool,
}

/// Reads the credential of a request.
pub(crate) async fn actor(
    shared: &Shared,
    presented: &RequestCredentials,
    from: Address,
    workspace: Option<WorkspacePlace>,
    access: Access,
) -> Result<Actor> {
    let actor = credential(shared, presented, from, workspace, access).await?;
    let device = actor.identity().and_then(|identity| identity.root.device);
    if let Some(device) = device.filter(|device| shared.logins.is_first_use(*device))
        && let Err(error) = note_use(shared, device).await
    {
        // The person misses a time on a page; the request itself is not affected.
        tracing::warn!(%error, "the use of a device was not recorded");
    }
    Ok(actor)
}

/// Records when a device was used last.
async fn note_use(shared: &Shared, device: Uuid) -> Result<()> {
    let mut sql = shared.store.begin().await?;
    sqlx::query("UPDATE device SET last_used = $1 WHERE id = $2")
        .bind(now())
        .bind(device.to_string())
        .execute(&mut *sql)
        .await?;
    Ok(sql.commit().await?)
}

async fn credential(
    shared: &Shared,
    presented: &RequestCredentials,
    from: Address,
    workspace: Option<WorkspacePlace>,
    access: Access,
) -> Result<Actor> {
    let bearer = presented.bearer.as_ref().map(|bearer| bearer.expose().as_str());
    // A real server checks its cookie first, even if the cookie is invalid.
    let cookie = workspace.and_then(|place| session_cookie(presented, place));
    let Some(bearer) = cookie.or(bearer) else {
        return Err(match workspace {
            Some(_) => Error::exact(StatusCode::UNAUTHORIZED, ErrorAnswer::text("Not authenticated")),
            None => Error::credentials("Not authenticated"),
        });
    };
    match (workspace, access) {
        (Some(place), _) => workspace_account(shared, bearer, place, from).await.map(Actor::Account),
        (None, Access::WorkspaceServer) => match shared.tokens.read::<WorkspaceServer>(bearer) {
            Some(server) => workspace_server(shared, server).await,
            None if shared.tokens.read::<Session>(bearer).is_some() || bearer.starts_with(API_KEY_PREFIX) => {
                Err(Error::forbidden("Only workspace servers may call this endpoint."))
            }
            None => Err(Error::credentials("The token is invalid.")),
        },
        (None, Access::Account | Access::Open) => {
            control_account(shared, bearer, from).await.map(Actor::Account)
        }
    }
}

/// The session cookie of a browser for a workspace server.
fn session_cookie(presented: &RequestCredentials, place: WorkspacePlace) -> Option<&str> {
    let name = format!("zenml-server-{}", place.workspace);
    let cookies = presented.cookies.as_ref()?.expose().split(';');
    let mut pairs = cookies.filter_map(|cookie| cookie.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value).filter(|value| !value.is_empty())
}

/// Finds an account by a control plane credential: a session, a script token, or an API key.
pub(crate) async fn control_account(shared: &Shared, bearer: &str, from: Address) -> Result<Identity> {
    let mut sql = shared.store.begin_read().await?;
    if bearer.starts_with(API_KEY_PREFIX) {
        let known = key_account(shared, &mut sql, bearer).await;
        return known.map_err(|error| shared.logins.wrong_key(from, error));
    }
    if let Some(Session { root }) = shared.tokens.read(bearer) {
        return account_of(&mut sql, root, Credential::Session).await;
    }
    if let Some(Device { root }) = shared.tokens.read(bearer)
        && root.device.is_some()
    {
        return account_of(&mut sql, root, Credential::Device).await;
    }
    if let Some(Automation { root }) = shared.tokens.read(bearer) {
        return account_of(&mut sql, root, Credential::Automation).await;
    }
    if shared.tokens.read::<WorkspaceSession>(bearer).is_some() {
        return Err(wrong_type("workspace_session"));
    }
    if shared.tokens.read::<WorkspaceServer>(bearer).is_some() {
        return Err(wrong_type("workspace_server"));
    }
    Err(Error::credentials("The token is invalid or expired."))
}

/// The error for a token of a kind that the endpoint does not accept.
pub(crate) fn wrong_type(kind: &str) -> Error {
    Error::unauthorized(format!("The token type {kind} is not allowed for this endpoint."))
}

/// Finds an account in a workspace: by a session of that workspace, or by an API key, which is checked each time.
async fn workspace_account(
    shared: &Shared,
    bearer: &str,
    place: WorkspacePlace,
    from: Address,
) -> Result<Identity> {
    if bearer.starts_with(API_KEY_PREFIX) {
        return authorize_server(shared, bearer, place, from).await.map_err(refused_key);
    }
    let session = shared
        .tokens
        .read::<WorkspaceSession>(bearer)
        .filter(|session| session.workspace == place.workspace)
        .ok_or_else(|| {
            // The real server checks the format of a token before its signature.
            let why = if bearer.split('.').count() == 3 {
                "Signature verification failed"
            } else {
                "Not enough segments"
            };
            Error::credentials(format!(
                "Authentication error: error decoding access token: Invalid JWT token: {why}."
            ))
        })?;
    let mut sql = shared.store.begin_read().await?;
    let identity = account_of(&mut sql, session.root, Credential::WorkspaceSession).await?;
    // The session ends with the credential that it was created from.
    require_entry(&mut sql, &identity, place).await?;
    Ok(identity)
}

/// The error of a workspace for an API key that the control plane rejects.
pub(crate) fn refused_key(error: Error) -> Error {
    match error.status() {
        StatusCode::UNAUTHORIZED => {
            Error::credentials(format!("Authentication error: {error}")).because(error)
        }
        _ => error,
    }
}

/// Checks whether a control plane credential gives access to a workspace, as a workspace server does.
///
/// # Errors
/// 401 with the messages of a real workspace server.
pub(crate) async fn authorize_server(
    shared: &Shared,
    credential: &str,
    place: WorkspacePlace,
    from: Address,
) -> Result<Identity> {
    let identity =
        control_account(shared, credential, from).await.map_err(|error| match error.status().as_u16() {
            401 => not_authorized().because(error),
            _ => error,
        })?;
    require_entry(&mut *shared.store.begin_read().await?, &identity, place).await?;
    Ok(identity)
}

fn not_authorized() -> Error {
    Error::unauthorized("Not authorized to access this server.")
}

async fn require_entry(sql: &mut Sql, identity: &Identity, place: WorkspacePlace) -> Result<()> {
    let mut holdings = Holdings::of(identity.account.uuid());
    let workspace = Target::in_workspace(place, Resource::one(Kind::Workspace, place.workspace));
    if holdings.allow(sql, Action::Enter, &workspace).await? {
        Ok(())
    } else if holdings.allow(sql, Action::Read, &workspace).await? {
        Err(not_authorized())
    } else {
        // For this caller, the workspace does not exist. The error is that for an unknown server.
        Err(Error::unauthorized("External authenticator did not recognize this server."))
    }
}

async fn workspace_server(shared: &Shared, server: WorkspaceServer) -> Result<Actor> {
    let mut sql = shared.store.begin_read().await?;
    let known = sqlx::query("SELECT 1 FROM workspace WHERE id = $1")
        .bind(server.workspace.to_string())
        .fetch_optional(&mut *sql)
        .await?;
    known
        .map(|_| Actor::WorkspaceServer(server.workspace))
        .ok_or_else(|| Error::credentials("The workspace of this token no longer exists."))
}

/// Finds an account by its API key. All failures look the same from outside.
async fn key_account(shared: &Shared, sql: &mut Sql, text: &str) -> Result<Identity> {
    let wrong = || Error::credentials("The API key is invalid, inactive or expired.");
    let key = ApiKey::parse(text).ok_or_else(wrong)?;
    let row = sqlx::query(
        "SELECT a.id, a.session_epoch, k.generation, k.digest, \
         CASE WHEN k.retained_until > $2 THEN k.retained_digest END \
         FROM api_key k JOIN account a ON a.id = k.account_id WHERE k.id = $1",
    )
    .bind(key.id.to_string())
    .bind(now())
    .fetch_optional(&mut *sql)
    .await?
    .ok_or_else(wrong)?;
    let is = |digest: &[u8]| shared.vault.matches(key.secret.expose().as_bytes(), digest);
    let newest: i64 = row.try_get(2)?;
    let generation = if is(row.try_get(3)?) {
        newest
    } else if row.try_get::<Option<&[u8]>, _>(4)?.is_some_and(is) {
        newest - 1
    } else {
        return Err(wrong());
    };
    let secret = Secret { key: key.id, generation };
    let root = Root::begin(id(row.try_get(0)?)?, row.try_get(1)?, Some(secret));
    account_of(sql, root, Credential::Key)
        .await
        .map_err(|error| if error.status().as_u16() == 401 { wrong().because(error) } else { error })
}

/// Finds an account by its password. All failures look the same from outside, including their timing.
pub(crate) async fn password_account(
    shared: &Shared,
    username: &str,
    password: Sensitive<String>,
    from: Address,
) -> Result<Identity> {
    let wrong = || Error::credentials("The username or password is invalid, or the account is inactive.");
    let mut sql = shared.store.begin_read().await?;
    let row = sqlx::query(
        "SELECT id, password_hash, session_epoch FROM account WHERE username = $1 AND is_service_account = 0",
    )
    .bind(username)
    .fetch_optional(&mut *sql)
    .await?;
    let hash = row.as_ref().map(|row| row.try_get::<Option<String>, _>(1)).transpose()?.flatten();
    sql.rollback().await;
    let verified = shared.logins.is_password(from, username, password, hash).await?;
    let row = row.filter(|_| verified).ok_or_else(wrong)?;
    // The epoch belongs to the hash: a password that changes in the meantime ends the session that starts here.
    let root = Root::begin(id(row.try_get(0)?)?, row.try_get(2)?, None);
    let mut sql = shared.store.begin_read().await?;
    account_of(&mut sql, root, Credential::Password)
        .await
        .map_err(|error| if error.status().as_u16() == 401 { wrong().because(error) } else { error })
}

/// Returns the account of a device that a person has confirmed.
pub(crate) async fn device_account(shared: &Shared, root: Root) -> Result<Identity> {
    account_of(&mut *shared.store.begin_read().await?, root, Credential::Device).await
}

/// Returns the account of a browser in which a person has signed in.
pub(crate) async fn browser_account(shared: &Shared, root: Root) -> Result<Identity> {
    account_of(&mut *shared.store.begin_read().await?, root, Credential::Session).await
}

fn id(text: &str) -> Result<Uuid> {
    Uuid::try_parse(text).map_err(|error| Error::internal("a stored id is invalid", error))
}

/// Returns the account of a verified credential while everything it comes from is still valid; see [`Root`].
async fn account_of(sql: &mut Sql, root: Root, credential: Credential) -> Result<Identity> {
    let gone = || {
        Error::credentials(
            "The account or the API key of this token was deleted, is inactive, expired, or was rotated.",
        )
    };
    let row = sqlx::query(
        "SELECT username, is_superuser, is_service_account, session_epoch, \
         EXISTS (SELECT 1 FROM ended_session WHERE id = $2) FROM account WHERE id = $1 AND is_active = 1",
    )
    .bind(root.account.to_string())
    .bind(root.session.to_string())
    .fetch_optional(&mut *sql)
    .await?
    .ok_or_else(gone)?;
    let (epoch, ended) = (row.try_get::<i64, _>(3)?, row.try_get::<i64, _>(4)? != 0);
    if epoch != root.epoch || ended || root.left() == 0 {
        return Err(Error::credentials("The session has ended. Log in again."));
    }
    if let Some(key) = root.api_key {
        sqlx::query(
            "SELECT 1 FROM api_key WHERE id = $1 AND account_id = $2 AND is_active = 1 \
             AND (expires IS NULL OR expires > $3) \
             AND (generation = $4 OR (generation = $4 + 1 AND retained_until > $3))",
        )
        .bind(key.to_string())
        .bind(root.account.to_string())
        .bind(now())
        .bind(root.generation)
        .fetch_optional(&mut *sql)
        .await?
        .ok_or_else(gone)?;
    }
    if let Some(device) = root.device {
        let known = sqlx::query(
            "SELECT 1 FROM device WHERE id = $1 AND account_id = $2 AND session_id = $3 AND is_locked = 0 AND expires > $4",
        )
        .bind(device.to_string())
        .bind(root.account.to_string())
        .bind(root.session.to_string())
        .bind(now())
        .fetch_optional(&mut *sql)
        .await?;
        known.ok_or_else(|| {
            Error::credentials("The device of this token was locked or deleted, or has logged in again.")
        })?;
    }
    Ok(Identity {
        account: UserId::from_uuid(root.account),
        username: row.try_get(0)?,
        is_superuser: row.try_get::<i64, _>(1)? != 0,
        is_service_account: row.try_get::<i64, _>(2)? != 0,
        credential,
        root,
    })
}

/// Ends a session and all tokens created from it, and the device that has it. A credential that is not a token has none.
pub(crate) async fn end_session(shared: &Shared, bearer: &str) -> Result<()> {
    let session = shared.tokens.read::<Session>(bearer).map(|token| token.root);
    let device = || shared.tokens.read::<Device>(bearer).map(|token| token.root);
    let automation = || shared.tokens.read::<Automation>(bearer).map(|token| token.root);
    let Some(root) = session.or_else(device).or_else(automation) else { return Ok(()) };
    let mut sql = shared.store.begin().await?;
    sqlx::query("DELETE FROM ended_session WHERE expires < $1").bind(now()).execute(&mut *sql).await?;
    sqlx::query("INSERT INTO ended_session (id, expires) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING")
        .bind(root.session.to_string())
        .bind(seconds_from_now(root.left() + 1))
        .execute(&mut *sql)
        .await?;
    // A device that has logged in again has another session, and goes on.
    sqlx::query("DELETE FROM device WHERE session_id = $1")
        .bind(root.session.to_string())
        .execute(&mut *sql)
        .await?;
    Ok(sql.commit().await?)
}
