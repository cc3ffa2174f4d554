//! Logging in to a workspace.

use http::StatusCode;
use serde_json::Value;
use zenml_api::Sensitive;
use zenml_api::control::auth::GRANT_DEVICE_CODE;
use zenml_api::workspace::login::{
    self as api, API_KEY, Answer, ApiTokenQuery, ApiTokenType, DeviceForm, EXTERNAL, Form, MOST_SECONDS,
    Session,
};

use super::account;
use crate::authn;
use crate::crypto::{API_KEY_PREFIX, ApiKey};
use crate::error::{Error, Result};
use crate::http::{Cx, Routes};
use crate::login::Subject;
use crate::rbac::{Actor, Credential, Identity};
use crate::token::{LIFETIME, WorkspaceSession};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .open(&api::LOGIN, login)
        .open(&api::LOGOUT, logout)
        .open(&api::DEVICE_AUTHORIZATION, device_authorization)
        .serve(&api::API_TOKEN, api_token)
}

/// A browser has no session here, so there is none to end. As on a server, that of a client stays valid.
async fn logout(_: Cx, (): (), (): (), (): ()) -> Result<()> {
    Ok(())
}

async fn device_authorization(_: Cx, (): (), (): (), _: DeviceForm) -> Result<Value> {
    let message = "Devices log in to ZenML Pro, not to its workspaces.";
    Err(Error::plain(StatusCode::FORBIDDEN, message))
}

async fn login(cx: Cx, (): (), (): (), form: Form) -> Result<Answer> {
    let presented = &cx.request().presented;
    let grant = grant(&form)?;
    let credential = match grant {
        Grant::ApiKey => form.password.filter(|key| !key.expose().is_empty()),
        Grant::External => presented.bearer.clone().filter(|token| !token.expose().is_empty()),
    };
    let Some(credential) = credential else {
        if grant == Grant::ApiKey {
            return Err(Error::plain(StatusCode::BAD_REQUEST, "An API key is required."));
        }
        if presented.has_authorization {
            let error = Error::credentials("Invalid request: the Authorization header has no bearer token.");
            return Err(cx.refuse_login(Subject::Nobody, error).await);
        }
        let authorization_url = format!("{}/api/auth/login", cx.shared().base_url);
        return Ok(Answer::Elsewhere { authorization_url });
    };
    if grant == Grant::ApiKey && !credential.expose().starts_with(API_KEY_PREFIX) {
        let error = Error::credentials("Authentication error: this is not an API key of ZenML Pro.");
        return Err(cx.refuse_login(Subject::Nobody, error).await);
    }
    let place = cx.workspace()?;
    let known = authn::authorize_server(cx.shared(), credential.expose(), place, cx.address()).await;
    let known = match grant {
        Grant::ApiKey => known.map_err(authn::refused_key),
        Grant::External => known,
    };
    let identity = match known {
        Ok(identity) => identity,
        Err(error) => {
            let key = ApiKey::parse(credential.expose());
            let subject = key.map_or(Subject::Nobody, |key| Subject::Key(key.id));
            return Err(cx.refuse_login(subject, error).await);
        }
    };
    account::mirror(&cx, place, &identity).await?;
    let session = session(&cx, &identity)?;
    let (how, key) = (identity.credential.words(), identity.root.api_key);
    let key = key.filter(|_| identity.credential == Credential::Key);
    cx.shared().logins.accepted(&cx.login(), &Actor::Account(identity), how, key).await?;
    Ok(Answer::Session(session))
}

/// Creates a token for scripts. It ends with the session of the caller, even if it is requested for longer.
async fn api_token(cx: Cx, (): (), query: ApiTokenQuery, (): ()) -> Result<Sensitive<String>> {
    account::enter(&cx).await?;
    let identity = cx.identity()?;
    if identity.credential != Credential::WorkspaceSession {
        return Err(Error::unauthorized(
            "Not authenticated: this requires a session. Log in with the API key.",
        ));
    }
    let scopes = [query.schedule_id, query.pipeline_run_id, query.deployment_id];
    let scope = scopes.into_iter().flatten().next();
    if query.token_type == Some(ApiTokenType::Workload) {
        return Err(Error::value(match scope {
            None => "A workload token requires a schedule, a pipeline run or a deployment.",
            Some(_) => "The schedule, pipeline run or deployment of the workload token does not exist.",
        }));
    }
    if scope.is_some() {
        return Err(Error::value("Only workload tokens have a schedule, a pipeline run or a deployment."));
    }
    let seconds = query.expires_in.filter(|seconds| *seconds != 0).unwrap_or(LIFETIME);
    if seconds > MOST_SECONDS {
        return Err(Error::value(format!("A token can be valid for at most {MOST_SECONDS} seconds.")));
    }
    let (root, workspace) = (identity.root, cx.workspace()?.workspace);
    let ends = root.ends.min(jiff::Timestamp::now().as_second().saturating_add(seconds));
    cx.shared().tokens.issue_until(WorkspaceSession { root, workspace }, ends)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grant {
    ApiKey,
    External,
}

/// Returns the grant of a login; without a grant type, it follows from the other members, as on a server.
fn grant(form: &Form) -> Result<Grant> {
    let has_password = form.password.as_ref().is_some_and(|text| !text.expose().is_empty());
    match form.grant_type.as_deref().filter(|grant| !grant.is_empty()) {
        Some(API_KEY) => Ok(Grant::ApiKey),
        Some(EXTERNAL) => Ok(Grant::External),
        Some(GRANT_DEVICE_CODE) => {
            Err(Error::plain(StatusCode::FORBIDDEN, "Devices cannot be authorized by this workspace."))
        }
        Some(other) => Err(unsupported(other)),
        None if form.username.is_some() => Err(unsupported("password")),
        None if has_password => Ok(Grant::ApiKey),
        None => Ok(Grant::External),
    }
}

fn unsupported(grant: &str) -> Error {
    Error::plain(StatusCode::BAD_REQUEST, format!("The grant type {grant} is not supported."))
}

/// Creates a session of the workspace; it does not outlive the one that it is created from.
fn session(cx: &Cx, identity: &Identity) -> Result<Session> {
    let (workspace, root) = (cx.workspace()?.workspace, identity.root.shortened());
    let token = cx.shared().tokens.issue_until(WorkspaceSession { root, workspace }, root.ends)?;
    Ok(Session::new(token, root.left().unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grant_is_specified_or_inferred() {
        let form = |grant: &str, username: Option<&str>, password: Option<&str>| Form {
            grant_type: Some(grant.to_owned()),
            username: username.map(str::to_owned),
            password: password.map(Into::into),
        };
        let key = Some("ZENPROKEY_x");
        for (given, expected) in [
            (form("zenml-api-key", None, key), Ok(Grant::ApiKey)),
            (form("", None, key), Ok(Grant::ApiKey)),
            (form("zenml-external", None, None), Ok(Grant::External)),
            (form("", None, None), Ok(Grant::External)),
            (form("", None, Some("banana")), Ok(Grant::ApiKey)),
            (form("", None, Some("")), Ok(Grant::External)),
            (form("password", Some("u"), Some("p")), Err(400)),
            (form("", Some("u"), None), Err(400)),
            (form("client_credentials", None, None), Err(400)),
            (form("zenml_api_key", None, key), Err(400)),
            (form(GRANT_DEVICE_CODE, None, None), Err(403)),
        ] {
            assert_eq!(grant(&given).map_err(|refusal| refusal.status().as_u16()), expected, "{given:?}");
        }
    }
}
