//! Logging in to a workspace.

use http::StatusCode;
use zenml_api::control::auth::GRANT_DEVICE_CODE;
use zenml_api::workspace::login::{self as api, API_KEY, Answer, EXTERNAL, Form, Session};

use super::account;
use crate::authn;
use crate::crypto::{API_KEY_PREFIX, ApiKey};
use crate::error::{Error, Result};
use crate::http::{Cx, Routes};
use crate::login::Subject;
use crate::rbac::{Actor, Credential, Identity};
use crate::token::WorkspaceSession;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.open(&api::LOGIN, login)
}

async fn login(cx: Cx, (): (), (): (), form: Form) -> Result<Answer> {
    let bearer = cx.request().presented.bearer.clone();
    let grant = grant(&form, bearer.is_some())?;
    let credential = match grant {
        Grant::ApiKey => form.password,
        Grant::External => bearer,
    };
    let Some(credential) = credential else {
        let authorization_url = format!("{}/api/auth/login", cx.shared().base_url);
        return Ok(Answer::Elsewhere { authorization_url });
    };
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grant {
    ApiKey,
    External,
}

/// Returns the grant of a login; without a grant type, it follows from the other members, as on a server.
fn grant(form: &Form, has_bearer: bool) -> Result<Grant> {
    let is_key = form.password.as_ref().is_some_and(|text| text.expose().starts_with(API_KEY_PREFIX));
    match form.grant_type.as_deref().filter(|grant| !grant.is_empty()) {
        Some(API_KEY) => Ok(Grant::ApiKey),
        Some(EXTERNAL) => Ok(Grant::External),
        Some(GRANT_DEVICE_CODE) => {
            Err(Error::plain(StatusCode::FORBIDDEN, "Devices cannot be authorized by this workspace."))
        }
        Some(other) => Err(unsupported(other)),
        None if is_key => Ok(Grant::ApiKey),
        None if form.username.is_some() && !has_bearer => Err(unsupported("password")),
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
        for (given, bearer, expected) in [
            (form("zenml-api-key", None, key), false, Ok(Grant::ApiKey)),
            (form("", None, key), false, Ok(Grant::ApiKey)),
            (form("zenml-external", None, None), true, Ok(Grant::External)),
            (form("", None, None), true, Ok(Grant::External)),
            (form("", None, None), false, Ok(Grant::External)),
            (form("password", Some("u"), Some("p")), false, Err(400)),
            (form("", Some("u"), None), false, Err(400)),
            (form("client_credentials", None, None), false, Err(400)),
            (form("zenml_api_key", None, key), false, Err(400)),
            (form(GRANT_DEVICE_CODE, None, None), false, Err(403)),
        ] {
            assert_eq!(
                grant(&given, bearer).map_err(|refusal| refusal.status().as_u16()),
                expected,
                "{given:?}"
            );
        }
    }
}
