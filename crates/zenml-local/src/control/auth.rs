//! Logging in: from a credential to a token.

use uuid::Uuid;
use zenml_api::control::auth::{self as api, LoginForm, Token};
use zenml_api::{Identifier, Sensitive};

use crate::authn;
use crate::crypto::API_KEY_PREFIX;
use crate::error::{Error, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{Credential, Identity};
use crate::store::now;
use crate::token::{Automation, LIFETIME, Session, WorkspaceServer};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.open(&api::LOGIN, login).serve(&api::API_TOKEN, api_token).open(&api::LOGOUT, logout)
}

/// What is in the form, once it is clear.
enum Grant {
    Key(Sensitive<String>),
    Password(String, Sensitive<String>),
    WorkspaceServer(String, Sensitive<String>),
}

async fn login(cx: Cx, (): (), (): (), form: LoginForm) -> Result<Token> {
    let token = match grant(form)? {
        Grant::Key(key) => session(&cx, &key_login(&cx, key.expose()).await?)?,
        Grant::Password(username, password) => {
            session(&cx, &authn::password_account(cx.shared(), &username, password).await?)?
        }
        Grant::WorkspaceServer(client, secret) => workspace_server(&cx, &client, &secret).await?,
    };
    Ok(Token {
        access_token: Some(token),
        expires_in: Some(LIFETIME),
        token_type: "bearer".to_owned(),
        device_id: None,
        device_metadata: None,
        authorization_url: None,
    })
}

async fn api_token(cx: Cx, (): (), (): (), (): ()) -> Result<Sensitive<String>> {
    let identity = cx.identity()?;
    let api_key_id = identity.credential.api_key();
    cx.shared().tokens.issue(Automation { account: identity.account.uuid(), api_key_id })
}

/// There are no cookies, so there is nothing to end.
async fn logout(_: Cx, (): (), (): (), (): ()) -> Result<()> {
    Ok(())
}

/// Finds out which credential a form holds. Without a grant type the members tell; an empty text counts as absent.
fn grant(form: LoginForm) -> Result<Grant> {
    let present = |text: Option<String>| text.filter(|text| !text.is_empty());
    let secret = |text: Option<Sensitive<String>>| text.filter(|text| !text.expose().is_empty());
    let (username, password) = (present(form.username), secret(form.password));
    let (client, client_secret) = (present(form.client_id), secret(form.client_secret));
    let missing = |what: &str| Error::value(format!("The login form needs {what} for this grant."));
    match present(form.grant_type).as_deref() {
        Some(api::GRANT_API_KEY | "zenml-api-key") => {
            password.map(Grant::Key).ok_or_else(|| missing("the API key as password"))
        }
        Some(api::GRANT_CLIENT_CREDENTIALS) => client
            .zip(client_secret)
            .map(|(client, secret)| Grant::WorkspaceServer(client, secret))
            .ok_or_else(|| missing("client_id and client_secret")),
        None | Some(api::GRANT_PASSWORD) => match (username, password, client.zip(client_secret)) {
            (Some(username), Some(password), _) => Ok(Grant::Password(username, password)),
            (None, Some(key), _) if key.expose().starts_with(API_KEY_PREFIX) => Ok(Grant::Key(key)),
            (_, None, Some((client, secret))) => Ok(Grant::WorkspaceServer(client, secret)),
            (None, Some(_), _) => {
                Err(Error::credentials("The API key is not valid, not active, or it has expired."))
            }
            _ => Err(missing("an API key as password, or username and password")),
        },
        Some(other) => Err(Error::value(format!("Unsupported grant type: {other}"))),
    }
}

fn session(cx: &Cx, identity: &Identity) -> Result<Sensitive<String>> {
    let api_key_id = identity.credential.api_key();
    cx.shared().tokens.issue(Session { account: identity.account.uuid(), api_key_id })
}

/// Checks a key and remembers when it was last used to log in.
async fn key_login(cx: &Cx, key: &str) -> Result<Identity> {
    let identity = authn::control_account(cx.shared(), key).await?;
    if let Credential::Key { api_key } = identity.credential {
        cx.tx(async |tx| {
            sqlx::query("UPDATE api_key SET last_login = $1 WHERE id = $2")
                .bind(now())
                .bind(api_key.to_string())
                .execute(tx.sql())
                .await?;
            Ok(())
        })
        .await?;
    }
    Ok(identity)
}

/// Logs the server of an enrolled workspace in with its enrollment key.
async fn workspace_server(cx: &Cx, client: &str, secret: &Sensitive<String>) -> Result<Sensitive<String>> {
    let wrong = || Error::credentials("The client credentials are not valid.");
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
    .await?;
    cx.shared().tokens.issue(WorkspaceServer { workspace })
}
