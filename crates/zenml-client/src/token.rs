//! From a credential to a session: one login at a time, renewed before it ends.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderValue;
use tokio::time::Instant;
use tracing::debug;
use zenml_api::control::auth::{self, LoginForm};
use zenml_api::workspace::login as workspace_login;
use zenml_api::{CodecError, Endpoint, Sensitive};

use crate::api::{Api, Plane};
use crate::error::ApiError;
use crate::settings::{Credential, SettingsError};
use crate::wire::{Outgoing, Repeat, Wire};

/// Longest time by which a session is renewed before it ends.
const EARLY: Duration = Duration::from_mins(5);

/// How an API comes to its sessions.
pub(crate) enum Source {
    /// By logging in.
    Login(Login),
    /// It has one, for good.
    Fixed(HeaderValue),
}

pub(crate) enum Login {
    /// With an API key.
    Key(Sensitive<String>),
    /// As a local user.
    Password { username: String, password: Sensitive<String> },
    /// With a session of the control plane.
    Session(Api),
}

impl Source {
    /// How an API is entered with this credential. `control_plane` is the one whose session it may be.
    pub(crate) fn new(credential: &Credential, control_plane: Option<&Api>) -> Result<Self, SettingsError> {
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

    /// How the workspaces of a control plane are entered. Who runs a workspace chose its address, so the credential for
    /// the control plane never goes there: a session does, which ends by itself.
    pub(crate) fn session_of(control_plane: &Api) -> Self {
        Self::Login(Login::Session(control_plane.clone()))
    }
}

/// The session of one API.
pub(crate) struct Tokens {
    source: Source,
    current: Mutex<Current>,
    /// Held by the one that logs in. It is an async lock, so a caller that gives up releases it.
    flight: tokio::sync::Mutex<Option<ApiError>>,
    /// Number of logins that ended, one way or the other.
    landed: AtomicU64,
}

#[derive(Default)]
struct Current {
    token: Option<Token>,
    generation: u64,
}

#[derive(Clone)]
struct Token {
    header: HeaderValue,
    /// When to renew it; `None` means when it is refused.
    renew_at: Option<Instant>,
}

/// A header for one call, and which session it is of.
pub(crate) struct Bearer {
    pub(crate) header: HeaderValue,
    generation: u64,
}

impl Tokens {
    pub(crate) fn new(source: Source) -> Self {
        Self {
            source,
            current: Mutex::default(),
            flight: tokio::sync::Mutex::default(),
            landed: AtomicU64::new(0),
        }
    }

    /// Whether there is one session, for good.
    pub(crate) fn is_fixed(&self) -> bool {
        matches!(self.source, Source::Fixed(_))
    }

    /// A session for the next call. Callers that come while somebody logs in wait for that login, and share
    /// its failure too.
    pub(crate) async fn bearer(&self, wire: &Wire) -> Result<Bearer, ApiError> {
        let login = match &self.source {
            Source::Fixed(header) => return Ok(Bearer { header: header.clone(), generation: 0 }),
            Source::Login(login) => login,
        };
        if let Some(bearer) = self.valid() {
            return Ok(bearer);
        }
        let landed = self.landed.load(Ordering::Acquire);
        let mut flight = self.flight.lock().await;
        if let Some(bearer) = self.valid() {
            return Ok(bearer);
        }
        if self.landed.load(Ordering::Acquire) != landed
            && let Some(error) = &*flight
        {
            return Err(error.clone());
        }
        let result = log_in(login, wire).await;
        self.landed.fetch_add(1, Ordering::AcqRel);
        match result {
            Ok(token) => {
                *flight = None;
                let mut current = self.locked();
                current.generation += 1;
                current.token = Some(token.clone());
                Ok(Bearer { header: token.header, generation: current.generation })
            }
            Err(error) => {
                *flight = Some(error.clone());
                Err(error)
            }
        }
    }

    /// Forgets a session that was refused. `false` if there is no way to another one.
    pub(crate) fn refused(&self, bearer: &Bearer) -> bool {
        if self.is_fixed() {
            return false;
        }
        let mut current = self.locked();
        if current.generation == bearer.generation {
            current.token = None;
        }
        true
    }

    fn valid(&self) -> Option<Bearer> {
        let current = self.locked();
        let token = current.token.as_ref()?;
        let fresh = token.renew_at.is_none_or(|renew_at| Instant::now() < renew_at);
        fresh.then(|| Bearer { header: token.header.clone(), generation: current.generation })
    }

    fn locked(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is needed of a login's answer, on both planes.
struct Granted {
    access_token: Option<Sensitive<String>>,
    expires_in: Option<i64>,
}

async fn log_in(login: &Login, wire: &Wire) -> Result<Token, ApiError> {
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
            // Boxed because it is this function again, one plane up.
            let session = Box::pin(control_plane.bearer()).await?;
            let header = Some(session.header.clone());
            match ask(wire, &workspace_login::LOGIN, form.clone(), header, granted).await {
                // The session may have ended early, as with a control plane that was set up anew.
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
) -> Result<Token, ApiError>
where
    F: serde::Serialize,
    A: serde::de::DeserializeOwned + 'static,
{
    let route = endpoint.route();
    let request = endpoint.request(&(), &(), &form).map_err(|cause| ApiError::Unsendable { route, cause })?;
    let outgoing = Outgoing::new(route, &request, Repeat::Login);
    let answer = wire.exchange(&outgoing, authorization.as_ref(), 0).await?;
    let call = || {
        let mut call = wire.call(&outgoing, 1);
        call.status = Some(answer.status.as_u16());
        call
    };
    let unreadable = |cause: CodecError| wire.unreadable(call(), request.secrets.expose(), &cause);
    let (read, secrets) = endpoint.decode_answer_noting(&answer.body);
    wire.shared.remember(secrets.expose());
    let granted = granted(read.map_err(unreadable)?);
    let given = granted.access_token.filter(|token| !token.expose().is_empty());
    let Some(token) = given else { return Err(ApiError::NoToken { call: Box::new(call()) }) };
    let header = bearer(token.expose()).map_err(unreadable)?;
    wire.shared.learn(token.expose());
    let renew_at = granted.expires_in.map(|seconds| Instant::now() + useful_life(seconds));
    debug!(plane = %wire.plane, "logged in to the {}", wire.plane);
    Ok(Token { header, renew_at })
}

/// How long a session is used before it is renewed: five minutes less than it lives, or half as long.
fn useful_life(seconds: i64) -> Duration {
    let life = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    life.saturating_sub(EARLY.min(life / 2))
}

fn bearer(token: &str) -> Result<HeaderValue, CodecError> {
    let mut header = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| CodecError {
        path: "access_token".to_owned(),
        message: "the token has characters that a header cannot carry".to_owned(),
    })?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_renewed_five_minutes_early_or_at_half_its_life() {
        for (life, useful) in [(3600, 3300), (600, 300), (60, 30), (1, 0), (0, 0), (-5, 0)] {
            assert_eq!(useful_life(life).as_secs(), useful, "{life}");
        }
    }
}
