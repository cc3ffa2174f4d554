//! A session with one API: exchanges a credential for tokens, and sends requests with them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::HeaderValue;
use tracing::debug;
use zenml_api::control::auth::{self, LoginForm};
use zenml_api::workspace::login as workspace_login;
use zenml_api::{CodecError, Endpoint, Method, Request, Route, Sensitive};

use crate::answer::Answer;
use crate::error::ApiError;
use crate::plane::Plane;
use crate::settings::{Credential, SettingsError};
use crate::token::{Bearer, Token, Tokens};
use crate::transport::HttpResponse;
use crate::wire::{Outgoing, Repeat, Wire};

/// How an API gets its tokens.
pub(crate) enum Source {
    /// By logging in.
    Login(Login),
    /// A fixed token.
    Fixed(HeaderValue),
}

pub(crate) enum Login {
    /// With an API key.
    Key(Sensitive<String>),
    /// As a local user.
    Password { username: String, password: Sensitive<String> },
    /// With a session of the control plane.
    Session(Arc<Session>),
}

impl Source {
    /// Creates the source for a credential. `control_plane` provides the session if the credential is one of it.
    pub(crate) fn new(
        credential: &Credential,
        control_plane: Option<&Arc<Session>>,
    ) -> Result<Self, SettingsError> {
        Ok(match credential {
            Credential::Key(key) => {
                bearer(key.expose()).map_err(|_| SettingsError::Credential)?;
                Self::Login(Login::Key(key.clone()))
            }
            Credential::Token(token) => {
                Self::Fixed(bearer(token.expose()).map_err(|_| SettingsError::Credential)?)
            }
            Credential::Password { username, password } => {
                Self::Login(Login::Password { username: username.clone(), password: password.clone() })
            }
            Credential::ControlPlane => Self::session_of(control_plane.ok_or(SettingsError::NoControlPlane)?),
        })
    }

    /// Creates the source for workspaces of a control plane. The operator of a workspace chooses its address, so the
    /// credential of the control plane is never sent there, only a session, which expires.
    pub(crate) fn session_of(control_plane: &Arc<Session>) -> Self {
        Self::Login(Login::Session(Arc::clone(control_plane)))
    }
}

/// A session with one API.
pub(crate) struct Session {
    pub(crate) wire: Wire,
    source: Source,
    tokens: Tokens,
    lost: AtomicBool,
}

impl Session {
    /// Creates a session that logs in with its first call.
    pub(crate) fn new(wire: Wire, source: Source) -> Self {
        Self { wire, source, tokens: Tokens::default(), lost: AtomicBool::new(false) }
    }

    /// Returns whether it has a fixed token, which cannot be renewed.
    pub(crate) fn is_fixed(&self) -> bool {
        matches!(self.source, Source::Fixed(_))
    }

    /// Returns whether a call found no API at the address, so that the address may have changed.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    /// Makes a call. Retries what can be retried, and renews a rejected token once.
    pub(crate) async fn send(&self, route: Route, request: Request) -> Result<Answer, ApiError> {
        let outgoing = self.outgoing(route, &request);
        let result = self.exchange(&outgoing).await;
        if let Err(ApiError::Unreachable { .. } | ApiError::NotTheApi { .. }) = &result {
            self.lost.store(true, Ordering::Relaxed);
        }
        Ok(Answer::new(&self.wire, &outgoing, result?))
    }

    /// Makes a call without a credential and without a login.
    pub(crate) async fn send_openly(&self, route: Route, request: Request) -> Result<Answer, ApiError> {
        let outgoing = self.outgoing(route, &request);
        let response = self.wire.exchange(&outgoing, None, 0).await?;
        Ok(Answer::new(&self.wire, &outgoing, response))
    }

    /// Returns the token for the next call. Logs in if there is none.
    pub(crate) async fn bearer(&self) -> Result<Bearer, ApiError> {
        match &self.source {
            Source::Fixed(header) => Ok(Bearer::fixed(header.clone())),
            Source::Login(login) => {
                let token = async { log_in(login, &self.wire).await.map(Issued::into_token) };
                self.tokens.bearer(token).await
            }
        }
    }

    /// Returns an access token that nothing else uses: a login of its own, or the fixed token.
    pub(crate) async fn access_token(&self) -> Result<AccessToken, ApiError> {
        match &self.source {
            Source::Fixed(header) => {
                // It was created from a string with this prefix.
                let text = header.to_str().unwrap_or_default();
                let token = text.strip_prefix(BEARER).unwrap_or_default();
                Ok(AccessToken { token: token.to_owned().into(), expires_in: None })
            }
            Source::Login(login) => log_in(login, &self.wire).await.map(|issued| issued.access),
        }
    }

    /// Forgets a rejected token. Returns `false` if there is no way to get another one.
    fn refused(&self, bearer: &Bearer) -> bool {
        let is_renewable = !self.is_fixed();
        if is_renewable {
            self.tokens.refused(bearer);
        }
        is_renewable
    }

    async fn exchange(&self, outgoing: &Outgoing<'_>) -> Result<HttpResponse, ApiError> {
        let bearer = self.bearer().await?;
        match self.wire.exchange(outgoing, Some(&bearer.header), 0).await {
            // A 401 means that nothing was done, so any call can be retried.
            Err(ApiError::Unauthorized(refused)) if self.refused(&bearer) => {
                let bearer = self.bearer().await?;
                self.wire.exchange(outgoing, Some(&bearer.header), refused.call.attempts).await
            }
            result => result,
        }
    }

    fn outgoing<'a>(&self, route: Route, request: &'a Request) -> Outgoing<'a> {
        match (self.wire.plane, route.method) {
            (Plane::ControlPlane, Method::Post) => Outgoing::new(route, request, Repeat::IfUntouched),
            // A PUT of the control plane is a verb: each rotation of a key ends the secret of the one before. No read
            // could repair a second one.
            (Plane::ControlPlane, Method::Put) => Outgoing::new(route, request, Repeat::IfUnsent),
            (_, Method::Post) => Outgoing::new(route, request, Repeat::Always).with_idempotency_key(),
            // A PATCH sets values, so a second one changes nothing.
            _ => Outgoing::new(route, request, Repeat::Always),
        }
    }
}

/// The required part of a login response, of both APIs.
struct Granted {
    access_token: Option<Sensitive<String>>,
    expires_in: Option<i64>,
}

/// An access token of an API.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// The token, opaque.
    pub token: Sensitive<String>,
    /// Its remaining lifetime in seconds; `None` if the server does not report one.
    pub expires_in: Option<i64>,
}

/// The result of a login.
struct Issued {
    access: AccessToken,
    header: HeaderValue,
}

impl Issued {
    fn into_token(self) -> Token {
        Token::new(self.header, self.access.expires_in)
    }
}

async fn log_in(login: &Login, wire: &Wire) -> Result<Issued, ApiError> {
    match wire.plane {
        Plane::ControlPlane => {
            let form = match login {
                Login::Key(key) => LoginForm::api_key(key.clone()),
                Login::Password { username, password } => {
                    LoginForm::password(username.clone(), password.clone())
                }
                Login::Session(_) => LoginForm::default(),
            };
            let granted = |token: auth::Token| Granted {
                access_token: token.access_token,
                expires_in: token.expires_in,
            };
            ask(wire, &auth::LOGIN, form, None, granted).await
        }
        Plane::Workspace | Plane::Server => {
            let form = match login {
                Login::Key(key) => workspace_login::Form::api_key(key.clone()),
                Login::Password { username, password } => workspace_login::Form {
                    username: Some(username.clone()),
                    password: Some(password.clone()),
                    ..workspace_login::Form::default()
                },
                Login::Session(_) => workspace_login::Form::external(),
            };
            let granted = |answer| match answer {
                workspace_login::Answer::Session(session) => Granted {
                    access_token: Some(session.access_token),
                    expires_in: session.expires_in.and_then(|seconds| i64::try_from(seconds).ok()),
                },
                workspace_login::Answer::Elsewhere { .. } => Granted { access_token: None, expires_in: None },
            };
            let Login::Session(control_plane) = login else {
                return ask(wire, &workspace_login::LOGIN, form, None, granted).await;
            };
            // Boxed because it is recursive: the same function for the control plane.
            let session = Box::pin(control_plane.bearer()).await?;
            let header = Some(session.header.clone());
            match ask(wire, &workspace_login::LOGIN, form.clone(), header, granted).await {
                // The session may have ended early, for example because the control plane was re-created.
                Err(ApiError::Unauthorized(_)) if control_plane.refused(&session) => {
                    let header = Some(Box::pin(control_plane.bearer()).await?.header);
                    ask(wire, &workspace_login::LOGIN, form, header, granted).await
                }
                result => result,
            }
        }
    }
}

async fn ask<F, A>(
    wire: &Wire,
    endpoint: &Endpoint<(), (), F, A>,
    form: F,
    authorization: Option<HeaderValue>,
    granted: impl FnOnce(A) -> Granted,
) -> Result<Issued, ApiError>
where
    F: serde::Serialize,
    A: serde::de::DeserializeOwned + 'static,
{
    let route = endpoint.route();
    let request = endpoint.request(&(), &(), &form).map_err(|cause| ApiError::Unsendable { route, cause })?;
    let outgoing = Outgoing::new(route, &request, Repeat::Login);
    let response = wire.exchange(&outgoing, authorization.as_ref(), 0).await?;
    let answer = Answer::new(wire, &outgoing, response);
    let granted = granted(answer.read(wire, endpoint)?);
    let given = granted.access_token.filter(|token| !token.expose().is_empty());
    let Some(token) = given else { return Err(ApiError::NoToken { call: Box::new(answer.call) }) };
    let header = bearer(token.expose()).map_err(|cause| answer.unreadable(wire, &cause))?;
    wire.shared.learn(token.expose());
    debug!(plane = %wire.plane, "logged in to the {}", wire.plane);
    Ok(Issued { access: AccessToken { token, expires_in: granted.expires_in }, header })
}

const BEARER: &str = "Bearer ";

fn bearer(token: &str) -> Result<HeaderValue, CodecError> {
    let mut header = HeaderValue::from_str(&format!("{BEARER}{token}")).map_err(|_| CodecError {
        path: "access_token".to_owned(),
        message: "the token contains characters that are not allowed in a header".to_owned(),
    })?;
    header.set_sensitive(true);
    Ok(header)
}
