//! Logging in: from a credential to a token.

use uuid::Uuid;
use zenml_api::Sensitive;
use zenml_api::control::auth::{self as api, LoginForm, Token};

use super::device;
use super::invitation;
use crate::authn;
use crate::crypto::{API_KEY_PREFIX, ApiKey};
use crate::error::{Error, Result};
use crate::http::{Cx, Routes};
use crate::login::{LONGEST, Subject};
use crate::rbac::{Actor, Credential, Identity};
use crate::token::{Automation, Device, LIFETIME, Session, WorkspaceServer};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.open(&api::LOGIN, login).serve(&api::API_TOKEN, api_token).open(&api::LOGOUT, logout)
}

/// The validated content of the form.
enum Grant {
    Key(Sensitive<String>),
    Password(String, Sensitive<String>),
    Device(String, Sensitive<String>),
    WorkspaceServer(String, Sensitive<String>),
}

impl Grant {
    /// The account or server that tries to log in.
    fn subject(&self) -> Subject {
        match self {
            Self::Key(key) => ApiKey::parse(key.expose()).map_or(Subject::Nobody, |key| Subject::Key(key.id)),
            Self::Password(username, _) => Subject::Name(username.chars().take(LONGEST).collect()),
            Self::Device(..) => Subject::Nobody,
            Self::WorkspaceServer(client, _) => {
                Uuid::try_parse(client).map_or(Subject::Nobody, Subject::Server)
            }
        }
    }
}

async fn login(cx: Cx, (): (), (): (), form: LoginForm) -> Result<Token> {
    let grant = grant(form)?;
    let subject = grant.subject();
    let token = match grant {
        Grant::Key(key) => {
            session(&cx, authn::control_account(cx.shared(), key.expose(), cx.address()).await).await
        }
        Grant::Password(username, password) => {
            let known = person(&cx, &username, password).await?;
            session(&cx, known).await
        }
        Grant::Device(client, code) => return device(&cx, &client, &code).await,
        Grant::WorkspaceServer(client, secret) => {
            workspace_server(&cx, &client, &secret).await.map(|token| (token, LIFETIME))
        }
    };
    let (token, seconds) = match token {
        Ok(token) => token,
        Err(error) => return Err(cx.refuse_login(subject, error).await),
    };
    Ok(Token {
        access_token: Some(token),
        expires_in: Some(seconds),
        token_type: "bearer".to_owned(),
        device_id: None,
        device_metadata: None,
        authorization_url: None,
    })
}

/// Checks the password of a person. The inner result is that of the check, the outer one that of what follows from it.
async fn person(cx: &Cx, username: &str, password: Sensitive<String>) -> Result<Result<Identity>> {
    let known = authn::password_account(cx.shared(), username, password, cx.address()).await;
    if let Ok(identity) = &known {
        invitation::join(cx.shared(), identity, &cx.origin()).await?;
    }
    Ok(known)
}

/// Signs in a person on a page.
pub(crate) async fn sign_in(cx: &Cx, username: &str, password: Sensitive<String>) -> Result<Identity> {
    match person(cx, username, password).await? {
        Ok(identity) => {
            let (how, actor) = (identity.credential.words(), Actor::Account(identity.clone()));
            cx.shared().logins.accepted(&cx.login(), &actor, how, None).await?;
            Ok(identity)
        }
        Err(error) => {
            let subject = Subject::Name(username.chars().take(LONGEST).collect());
            Err(cx.refuse_login(subject, error).await)
        }
    }
}

/// A script token is created from an API key or a session, never from another script token: nothing renews itself.
async fn api_token(cx: Cx, (): (), (): (), (): ()) -> Result<Sensitive<String>> {
    let identity = cx.identity()?;
    if identity.credential == Credential::Automation {
        return Err(authn::wrong_type("api_token"));
    }
    let root = identity.root.shortened();
    cx.shared().tokens.issue_until(Automation { root }, root.ends)
}

/// Ends the session of the caller, if any. There are no cookies.
async fn logout(cx: Cx, (): (), (): (), (): ()) -> Result<()> {
    match &cx.request().presented.bearer {
        Some(bearer) => authn::end_session(cx.shared(), bearer.expose()).await,
        None => Ok(()),
    }
}

/// Determines which credential a form contains. Without a grant type, the members decide; an empty string counts as
/// absent.
fn grant(form: LoginForm) -> Result<Grant> {
    let present = |text: Option<String>| text.filter(|text| !text.is_empty());
    let secret = |text: Option<Sensitive<String>>| text.filter(|text| !text.expose().is_empty());
    let (username, password) = (present(form.username), secret(form.password));
    let (client, client_secret) = (present(form.client_id), secret(form.client_secret));
    let missing = |what: &str| Error::value(format!("This grant requires {what} in the login form."));
    match present(form.grant_type).as_deref() {
        Some(api::GRANT_API_KEY | "zenml-api-key") => {
            password.map(Grant::Key).ok_or_else(|| missing("the API key as password"))
        }
        Some(api::GRANT_CLIENT_CREDENTIALS) => client
            .zip(client_secret)
            .map(|(client, secret)| Grant::WorkspaceServer(client, secret))
            .ok_or_else(|| missing("client_id and client_secret")),
        Some(api::GRANT_DEVICE_CODE) => client
            .zip(secret(form.device_code))
            .map(|(client, code)| Grant::Device(client, code))
            .ok_or_else(|| missing("client_id and device_code")),
        None | Some(api::GRANT_PASSWORD) => match (username, password, client.zip(client_secret)) {
            (Some(username), Some(password), _) => Ok(Grant::Password(username, password)),
            (None, Some(key), _) if key.expose().starts_with(API_KEY_PREFIX) => Ok(Grant::Key(key)),
            (_, None, Some((client, secret))) => Ok(Grant::WorkspaceServer(client, secret)),
            (None, Some(_), _) => Err(Error::credentials("The API key is invalid, inactive or expired.")),
            _ => Err(missing("an API key as password, or username and password")),
        },
        Some(other) => Err(Error::value(format!("Unsupported grant type: {other}"))),
    }
}

/// Returns a session for an authenticated account, with its lifetime.
async fn session(cx: &Cx, known: Result<Identity>) -> Result<(Sensitive<String>, i64)> {
    let identity = known?;
    let (how, root) = (identity.credential.words(), identity.root);
    let key = root.api_key.filter(|_| identity.credential == Credential::Key);
    cx.shared().logins.accepted(&cx.login(), &Actor::Account(identity), how, key).await?;
    Ok((cx.shared().tokens.issue_until(Session { root }, root.ends)?, root.left()))
}

/// Logs in a device that a person has confirmed.
async fn device(cx: &Cx, client: &str, code: &Sensitive<String>) -> Result<Token> {
    let device = device::redeem(cx, client, code).await?;
    let root = device.root;
    let identity = authn::device_account(cx.shared(), root).await?;
    let how = identity.credential.words();
    cx.shared().logins.accepted(&cx.login(), &Actor::Account(identity), how, None).await?;
    Ok(Token {
        access_token: Some(cx.shared().tokens.issue_until(Device { root }, root.ends)?),
        expires_in: Some(root.left()),
        token_type: "bearer".to_owned(),
        device_id: Some(device.id),
        device_metadata: device.metadata,
        authorization_url: None,
    })
}

/// Logs in the server of an enrolled workspace with its enrollment key.
async fn workspace_server(cx: &Cx, client: &str, secret: &Sensitive<String>) -> Result<Sensitive<String>> {
    let wrong = || Error::credentials("The client credentials are invalid.");
    let workspace = Uuid::try_parse(client).map_err(|_| wrong())?;
    let vault = &cx.shared().vault;
    cx.read(async |tx| {
        let digest: Option<Vec<u8>> =
            sqlx::query_scalar("SELECT enrollment_digest FROM workspace WHERE id = $1")
                .bind(workspace.to_string())
                .fetch_optional(tx.sql())
                .await?
                .flatten();
        let matches = digest.is_some_and(|digest| vault.matches(secret.expose().as_bytes(), &digest));
        if matches { Ok(()) } else { Err(wrong()) }
    })
    .await
    .map_err(|error| cx.shared().logins.wrong_key(cx.address(), error))?;
    cx.shared()
        .logins
        .accepted(&cx.login(), &Actor::WorkspaceServer(workspace), "with its enrollment key", None)
        .await?;
    cx.shared().tokens.issue(WorkspaceServer { workspace })
}
