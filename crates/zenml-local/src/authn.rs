//! Who is asking: from a credential to an [`Actor`].

use http::StatusCode;
use sqlx::Row as _;
use uuid::Uuid;
use zenml_api::error::ErrorAnswer;
use zenml_api::{Identifier, Sensitive, UserId};

use crate::crypto::{API_KEY_PREFIX, ApiKey, verify_password};
use crate::error::{Error, Result};
use crate::http::{Access, RequestInfo};
use crate::platform::Shared;
use crate::rbac::{Action, Actor, Credential, Holdings, Identity, Kind, Resource, Target, WorkspacePlace};
use crate::store::{Sql, now};
use crate::token::{Automation, Session, WorkspaceServer, WorkspaceSession};

/// Reads the credential of a request.
pub(crate) async fn actor(
    shared: &Shared,
    request: &RequestInfo,
    workspace: Option<WorkspacePlace>,
    access: Access,
) -> Result<Actor> {
    let bearer = request.bearer.as_ref().map(|bearer| bearer.expose().as_str());
    // A real server looks into its cookie first, even if what it finds there is no good.
    let cookie = workspace.and_then(|place| session_cookie(request, place));
    let Some(bearer) = cookie.or(bearer) else {
        return Err(match workspace {
            Some(_) => Error::exact(StatusCode::UNAUTHORIZED, ErrorAnswer::text("Not authenticated")),
            None => Error::credentials("Not authenticated"),
        });
    };
    match (workspace, access) {
        (Some(place), _) => workspace_account(shared, bearer, place).await.map(Actor::Account),
        (None, Access::WorkspaceServer) => match shared.tokens.read::<WorkspaceServer>(bearer) {
            Some(server) => workspace_server(shared, server).await,
            None if shared.tokens.read::<Session>(bearer).is_some() || bearer.starts_with(API_KEY_PREFIX) => {
                Err(Error::forbidden("Only the servers of workspaces may call this endpoint."))
            }
            None => Err(Error::credentials("The token is not valid.")),
        },
        (None, Access::Account | Access::Open) => control_account(shared, bearer).await.map(Actor::Account),
    }
}

/// The session that a browser keeps for the server of a workspace.
fn session_cookie(request: &RequestInfo, place: WorkspacePlace) -> Option<&str> {
    let name = format!("zenml-server-{}", place.workspace);
    let cookies = request.cookies.as_ref()?.expose().split(';');
    let mut pairs = cookies.filter_map(|cookie| cookie.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value).filter(|value| !value.is_empty())
}

/// An account by a credential of the control plane: a session, a token for scripts, or a key.
pub(crate) async fn control_account(shared: &Shared, bearer: &str) -> Result<Identity> {
    let mut sql = shared.store.begin_read().await?;
    if bearer.starts_with(API_KEY_PREFIX) {
        return key_account(shared, &mut sql, bearer).await;
    }
    if let Some(Session { account, api_key_id }) = shared.tokens.read(bearer) {
        return account_of(&mut sql, account, Credential::Session { api_key: api_key_id }).await;
    }
    if let Some(Automation { account, api_key_id }) = shared.tokens.read(bearer) {
        return account_of(&mut sql, account, Credential::Automation { api_key: api_key_id }).await;
    }
    if shared.tokens.read::<WorkspaceSession>(bearer).is_some() {
        return Err(wrong_type("workspace_session"));
    }
    if shared.tokens.read::<WorkspaceServer>(bearer).is_some() {
        return Err(wrong_type("workspace_server"));
    }
    Err(Error::credentials("The token is not valid, or it has expired."))
}

fn wrong_type(kind: &str) -> Error {
    Error::unauthorized(format!("The token type {kind} is not allowed for this endpoint."))
}

/// An account inside a workspace: by a session of that workspace, or by a key, which is checked each time.
async fn workspace_account(shared: &Shared, bearer: &str, place: WorkspacePlace) -> Result<Identity> {
    if bearer.starts_with(API_KEY_PREFIX) {
        return authorize_server(shared, bearer, place).await.map_err(refused_key);
    }
    let session = shared
        .tokens
        .read::<WorkspaceSession>(bearer)
        .filter(|session| session.workspace == place.workspace)
        .ok_or_else(|| {
            // The real server looks at the form of a token before its signature.
            let why = if bearer.split('.').count() == 3 {
                "Signature verification failed"
            } else {
                "Not enough segments"
            };
            Error::credentials(format!(
                "Authentication error: error decoding access token: Invalid JWT token: {why}."
            ))
        })?;
    let credential = Credential::WorkspaceSession { workspace: place.workspace };
    account_of(&mut *shared.store.begin_read().await?, session.account, credential).await
}

/// How a workspace refuses an API key that the control plane does not let in.
pub(crate) fn refused_key(error: Error) -> Error {
    match error.status() {
        StatusCode::UNAUTHORIZED => {
            Error::credentials(format!("Authentication error: {error}")).because(error)
        }
        _ => error,
    }
}

/// Whether a credential of the control plane lets its account into a workspace, as a workspace's server asks it.
///
/// # Errors
/// 401 with the texts of a real workspace server.
pub(crate) async fn authorize_server(
    shared: &Shared,
    credential: &str,
    place: WorkspacePlace,
) -> Result<Identity> {
    let refused = || Error::unauthorized("Not authorized to access this server.");
    let identity =
        control_account(shared, credential).await.map_err(|error| match error.status().as_u16() {
            401 => refused().because(error),
            _ => error,
        })?;
    let mut sql = shared.store.begin_read().await?;
    let mut holdings = Holdings::of(identity.account.uuid());
    let workspace = Target::in_workspace(place, Resource::one(Kind::Workspace, place.workspace));
    if holdings.allow(&mut sql, Action::Enter, &workspace).await? {
        Ok(identity)
    } else if holdings.allow(&mut sql, Action::Read, &workspace).await? {
        Err(refused())
    } else {
        // To this caller the workspace does not exist, and the answer is the one for a server that is not known.
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
        .ok_or_else(|| Error::credentials("The workspace of this token is gone."))
}

/// An account by its key. All failures look the same from outside.
pub(crate) async fn key_account(shared: &Shared, sql: &mut Sql, text: &str) -> Result<Identity> {
    let wrong = || Error::credentials("The API key is not valid, not active, or it has expired.");
    let key = ApiKey::parse(text).ok_or_else(wrong)?;
    let row = sqlx::query("SELECT account_id, digest FROM api_key WHERE id = $1")
        .bind(key.id.to_string())
        .fetch_optional(&mut *sql)
        .await?
        .ok_or_else(wrong)?;
    if !shared.vault.matches(key.secret.expose().as_bytes(), row.try_get(1)?) {
        return Err(wrong());
    }
    let account =
        Uuid::try_parse(row.try_get(0)?).map_err(|error| Error::internal("a stored id is damaged", error))?;
    account_of(sql, account, Credential::Key { api_key: key.id })
        .await
        .map_err(|error| if error.status().as_u16() == 401 { wrong().because(error) } else { error })
}

/// An account by its password. All failures look the same from outside, also in time.
pub(crate) async fn password_account(
    shared: &Shared,
    username: &str,
    password: Sensitive<String>,
) -> Result<Identity> {
    let wrong =
        || Error::credentials("The username or the password is not valid, or the account is not active.");
    let mut sql = shared.store.begin_read().await?;
    let row =
        sqlx::query("SELECT id, password_hash FROM account WHERE username = $1 AND is_service_account = 0")
            .bind(username)
            .fetch_optional(&mut *sql)
            .await?;
    let (account, hash) = match &row {
        Some(row) => (Some(row.try_get::<String, _>(0)?), row.try_get::<Option<String>, _>(1)?),
        None => (None, None),
    };
    sql.rollback().await;
    let verified = verify_password(password, hash).await?;
    let account = account.filter(|_| verified).ok_or_else(wrong)?;
    let account =
        Uuid::try_parse(&account).map_err(|error| Error::internal("a stored id is damaged", error))?;
    let mut sql = shared.store.begin_read().await?;
    account_of(&mut sql, account, Credential::Session { api_key: None })
        .await
        .map_err(|error| if error.status().as_u16() == 401 { wrong().because(error) } else { error })
}

/// The account behind a credential that was proved, while it and its key are still good.
async fn account_of(sql: &mut Sql, account: Uuid, credential: Credential) -> Result<Identity> {
    let gone = || Error::credentials("The account or the API key of this token is gone or not active.");
    let row = sqlx::query(
        "SELECT username, is_superuser, is_service_account FROM account WHERE id = $1 AND is_active = 1",
    )
    .bind(account.to_string())
    .fetch_optional(&mut *sql)
    .await?
    .ok_or_else(gone)?;
    if let Some(key) = credential.api_key() {
        sqlx::query(
            "SELECT 1 FROM api_key WHERE id = $1 AND account_id = $2 AND is_active = 1 \
             AND (expires IS NULL OR expires > $3)",
        )
        .bind(key.to_string())
        .bind(account.to_string())
        .bind(now())
        .fetch_optional(&mut *sql)
        .await?
        .ok_or_else(gone)?;
    }
    Ok(Identity {
        account: UserId::from_uuid(account),
        username: row.try_get(0)?,
        is_superuser: row.try_get::<i64, _>(1)? != 0,
        is_service_account: row.try_get::<i64, _>(2)? != 0,
        credential,
    })
}
