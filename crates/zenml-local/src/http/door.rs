//! The steps of every request around its handler: faults, authentication, parameters, response, log.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{ConnectInfo, RawPathParams, Request};
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use printable::Chain;
use uuid::Uuid;
use zenml_api::control::workspace_status::{SERVER_URL, SERVER_VERSION};
use zenml_api::{Method, Sensitive};

use super::answer;
use super::cx::{Cx, RequestInfo};
use super::limit;
use crate::authn::{self, Access, RequestCredentials};
use crate::engine::served_workspace;
use crate::error::{Error, Issue, Plane, Result};
use crate::faults::Phase;
use crate::login::Address;
use crate::rbac::{Actor, WorkspacePlace};
use crate::state::Shared;

/// Timeout for receiving a request body.
const BODY_TIME: Duration = Duration::from_secs(30);
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The steps between a connection and a handler, without the handler's types.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) shared: Arc<Shared>,
    pub(super) plane: Plane,
    pub(super) access: Access,
    pub(super) method: Method,
    pub(super) name: Arc<str>,
}

impl Door {
    pub(super) async fn pass(
        self,
        params: &RawPathParams,
        request: Request,
        handle: impl AsyncFnOnce(Cx, &[&str], &str, &[u8]) -> Result<Vec<u8>>,
    ) -> Response {
        let started = Instant::now();
        let fault = self.shared.faults.next(self.method.as_str(), &self.name);
        let info = self.info(&request);
        let id = info.id.clone();
        let spoiled = match &fault {
            Some((Phase::Before, effect)) => answer::spoiled(effect).await,
            _ => None,
        };
        let mut response = match spoiled {
            Some(response) => response,
            None => self.answer(params, info, request, handle).await,
        };
        match &fault {
            Some((Phase::AfterCommit, effect)) => {
                response = answer::spoiled(effect).await.unwrap_or(response);
            }
            Some((Phase::MidBody, _)) => response = answer::cut(response).await,
            Some((Phase::Before, _)) | None => {}
        }
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        tracing::debug!(
            method = %self.method,
            route = &*self.name,
            status = response.status().as_u16(),
            duration_ms = started.elapsed().as_secs_f64() * 1000.0,
            request.id = id,
            "request answered"
        );
        response
    }

    pub(super) fn info(&self, request: &Request) -> RequestInfo {
        let headers = request.headers();
        let text = |name: &HeaderName| text(headers, name);
        let named = |name: &'static str| text(&HeaderName::from_static(name));
        let repeatable = self.plane == Plane::Workspace && self.method == Method::Post;
        RequestInfo {
            id: text(&REQUEST_ID)
                .filter(|id| id.len() <= 128)
                .unwrap_or_else(|| Uuid::new_v4().simple().to_string()),
            remote: request
                .extensions()
                .get::<ConnectInfo<SocketAddr>>()
                .map(|ConnectInfo(address)| address.to_string()),
            route: self.name.clone(),
            idempotency_key: text(&IDEMPOTENCY_KEY).filter(|_| repeatable),
            presented: RequestCredentials {
                bearer: text(&header::AUTHORIZATION)
                    .map(|value| {
                        let (scheme, rest) = value.split_once(' ').unwrap_or((&value, ""));
                        (scheme.to_owned(), rest.trim().to_owned())
                    })
                    .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
                    .map(|(_, credential)| credential.into()),
                cookies: text(&header::COOKIE).map(Sensitive::new),
                has_authorization: headers.contains_key(header::AUTHORIZATION),
            },
            media_type: text(&header::CONTENT_TYPE),
            user_agent: text(&header::USER_AGENT),
            server_version: named(SERVER_VERSION),
            server_url: named(SERVER_URL),
            fingerprint: Vec::new(),
        }
    }

    async fn answer(
        &self,
        params: &RawPathParams,
        info: RequestInfo,
        request: Request,
        handle: impl AsyncFnOnce(Cx, &[&str], &str, &[u8]) -> Result<Vec<u8>>,
    ) -> Response {
        let id = info.id.clone();
        let result = self.handle(params, info, request, handle).await;
        match result.or_else(Error::into_replay) {
            Ok(body) => answer::json(StatusCode::OK, body),
            Err(error) => self.refuse(&error, &id),
        }
    }

    async fn handle(
        &self,
        params: &RawPathParams,
        mut info: RequestInfo,
        request: Request,
        handle: impl AsyncFnOnce(Cx, &[&str], &str, &[u8]) -> Result<Vec<u8>>,
    ) -> Result<Vec<u8>> {
        let mut path: Vec<&str> = params.iter().map(|(_, value)| value).collect();
        let workspace = match self.plane {
            Plane::Control => None,
            Plane::Workspace => Some(available(&self.shared, path.remove(0)).await?),
        };
        if let Some(key) = &info.idempotency_key
            && Uuid::try_parse(key).is_err()
        {
            // A real server fails here.
            return Err(Error::validation(vec![Issue::of_kind(
                &["header", "idempotency-key"],
                "uuid_parsing",
            )]));
        }
        let actor = match self.access {
            Access::Open => Actor::Anonymous,
            access => {
                let from = Address::of(info.remote.as_deref());
                authn::actor(&self.shared, &info.presented, from, workspace, access).await?
            }
        };
        let query = request.uri().query().unwrap_or_default().to_owned();
        limit::check_query(&query)?;
        let place = request.uri().path().to_owned();
        let body = read_body(request.into_body(), limit::body(self.plane, self.access)).await?;
        if info.idempotency_key.is_some() {
            info.fingerprint = self.fingerprint(&place, &query, &body);
        }
        let cx = Cx::new(self.shared.clone(), actor, info, workspace);
        handle(cx, &path, &query, &body).await
    }

    /// Returns the fingerprint of a request, for its idempotency key.
    fn fingerprint(&self, path: &str, query: &str, body: &[u8]) -> Vec<u8> {
        let head = format!("{} {path}?{query}\n", self.method);
        self.shared.vault.digest(&[head.as_bytes(), body].concat())
    }

    fn refuse(&self, error: &Error, id: &str) -> Response {
        let status = error.status();
        self.note_failure(error, id);
        let mut response = answer::json(status, error.body(self.plane).to_string().into_bytes());
        if let Some(seconds) = error.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        // A workspace server names the scheme only to callers without a credential.
        if status == StatusCode::UNAUTHORIZED && (self.plane == Plane::Control || error.is_plain()) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl Door {
    /// Logs an error that is a fault of the platform.
    pub(super) fn note_failure(&self, error: &Error, id: &str) {
        if error.is_of_storage() {
            self.shared.store.failed();
        }
        if error.status().is_server_error() {
            let cause = error.context().map(|context| Chain(context).to_string()).unwrap_or_default();
            tracing::error!(method = %self.method, route = &*self.name, request.id = id, cause, "request failed: {error}");
        }
    }
}

/// Returns the workspace of an address, if this platform serves it.
pub(super) async fn available(shared: &Shared, id: &str) -> Result<WorkspacePlace> {
    let unknown = || Error::not_found("The workspace was not found.");
    let id = Uuid::try_parse(id).map_err(|_| unknown())?;
    let found = served_workspace(&shared.store, id).await?;
    let (place, status) = found.ok_or_else(unknown)?;
    match status.as_str() {
        "available" => Ok(place),
        status => Err(Error::unavailable(format!("The workspace is not available: its status is {status}."))),
    }
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

pub(super) async fn read_body(body: Body, limit: usize) -> Result<Vec<u8>> {
    let refused = |status, message: &str| Error::with_status(status, "ValueError", message);
    let bytes = tokio::time::timeout(BODY_TIME, axum::body::to_bytes(body, limit))
        .await
        .map_err(|_| refused(StatusCode::REQUEST_TIMEOUT, "The request body did not arrive in time."))?
        .map_err(|error| {
            let message = format!("The request body cannot be read, or it is longer than {limit} bytes.");
            refused(StatusCode::PAYLOAD_TOO_LARGE, &message).because(error)
        })?;
    Ok(bytes.to_vec())
}
