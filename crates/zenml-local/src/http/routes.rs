//! Routes: endpoints of the API with their handlers.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{ConnectInfo, RawPathParams, Request};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use uuid::Uuid;
use zenml_api::control::workspace_status::{SERVER_URL, SERVER_VERSION};
use zenml_api::{CodecError, Endpoint, Method, PathParams};

use super::answer;
use super::cx::{Cx, RequestInfo};
use crate::authn;
use crate::error::{Chain, Error, Issue, Plane, Result};
use crate::faults::Phase;
use crate::platform::Shared;
use crate::rbac::{Actor, WorkspacePlace};

/// Most bytes that a request's body may have.
const BODY_LIMIT: usize = 8 << 20;
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Who may call a route at all; what they may do is decided by the handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everyone, without a credential.
    Open,
    /// People and service accounts.
    Account,
    /// Servers of workspaces.
    WorkspaceServer,
}

/// A route that is served, for the table of routes and identities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServedRoute {
    /// Which API it belongs to.
    pub plane: Plane,
    /// HTTP method.
    pub method: Method,
    /// Template below the API's base.
    pub template: &'static str,
    /// Who may call it.
    pub access: Access,
}

/// The routes of one API.
pub(crate) struct Routes {
    shared: Arc<Shared>,
    plane: Plane,
    router: axum::Router,
    served: Vec<ServedRoute>,
}

impl Routes {
    /// Routes of the control plane, at the root.
    pub(crate) fn control(shared: Arc<Shared>) -> Self {
        Self { shared, plane: Plane::Control, router: axum::Router::new(), served: Vec::new() }
    }

    /// Routes of the embedded workspaces, below `/w/{id}/api/v1`.
    pub(crate) fn workspace(shared: Arc<Shared>) -> Self {
        Self { shared, plane: Plane::Workspace, router: axum::Router::new(), served: Vec::new() }
    }

    /// Serves an endpoint for people and service accounts.
    #[must_use]
    pub(crate) fn serve<P, Q, B, A, F, Fut>(self, endpoint: &Endpoint<P, Q, B, A>, handler: F) -> Self
    where
        P: PathParams + Send + 'static,
        Q: DeserializeOwned + Send + 'static,
        B: DeserializeOwned + Send + 'static,
        A: Serialize + 'static,
        F: Fn(Cx, P, Q, B) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<A>> + Send + 'static,
    {
        self.mount(endpoint, Access::Account, handler)
    }

    /// Serves an endpoint for everyone; the handler sees an anonymous actor.
    #[must_use]
    pub(crate) fn open<P, Q, B, A, F, Fut>(self, endpoint: &Endpoint<P, Q, B, A>, handler: F) -> Self
    where
        P: PathParams + Send + 'static,
        Q: DeserializeOwned + Send + 'static,
        B: DeserializeOwned + Send + 'static,
        A: Serialize + 'static,
        F: Fn(Cx, P, Q, B) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<A>> + Send + 'static,
    {
        self.mount(endpoint, Access::Open, handler)
    }

    /// Serves an endpoint for the servers of workspaces.
    #[must_use]
    pub(crate) fn internal<P, Q, B, A, F, Fut>(self, endpoint: &Endpoint<P, Q, B, A>, handler: F) -> Self
    where
        P: PathParams + Send + 'static,
        Q: DeserializeOwned + Send + 'static,
        B: DeserializeOwned + Send + 'static,
        A: Serialize + 'static,
        F: Fn(Cx, P, Q, B) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<A>> + Send + 'static,
    {
        self.mount(endpoint, Access::WorkspaceServer, handler)
    }

    fn mount<P, Q, B, A, F, Fut>(
        mut self,
        endpoint: &Endpoint<P, Q, B, A>,
        access: Access,
        handler: F,
    ) -> Self
    where
        P: PathParams + Send + 'static,
        Q: DeserializeOwned + Send + 'static,
        B: DeserializeOwned + Send + 'static,
        A: Serialize + 'static,
        F: Fn(Cx, P, Q, B) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<A>> + Send + 'static,
    {
        let (endpoint, route) = (*endpoint, endpoint.route());
        self.served.push(ServedRoute {
            plane: self.plane,
            method: route.method,
            template: route.template,
            access,
        });
        for template in route.templates() {
            let door = Door {
                shared: self.shared.clone(),
                plane: self.plane,
                access,
                method: route.method,
                name: self.name(route.template),
            };
            let handler = handler.clone();
            let serve = move |params: RawPathParams, request: Request| {
                let (door, handler) = (door.clone(), handler.clone());
                let tasks = door.shared.clone();
                // A task of its own: a caller who hangs up does not cut a change off from what follows it.
                let answer = async move {
                    door.pass(&params, request, async |cx, path, query, body| {
                        let mut issues = Vec::new();
                        let path = note(P::from_texts(path).map_err(in_path), &mut issues);
                        let query = note(
                            endpoint.decode_query(query).map_err(|e| in_document("query", &e)),
                            &mut issues,
                        );
                        let body = note(
                            endpoint.decode_body(body).map_err(|e| in_document("body", &e)),
                            &mut issues,
                        );
                        let (Some(path), Some(query), Some(body)) = (path, query, body) else {
                            return Err(Error::validation(issues));
                        };
                        let value = handler(cx, path, query, body).await?;
                        serde_json::to_vec(&value)
                            .map_err(|error| Error::internal("an answer has no JSON form", error))
                    })
                    .await
                };
                async move { tasks.tasks.run(answer).await.unwrap_or_else(|error| panicked(&error)) }
            };
            let pattern = self.pattern(template);
            self.router = self.router.route(&pattern, on(filter(route.method), serve));
        }
        self
    }

    /// Serves the health check of each workspace's server, which stands beside its API.
    #[must_use]
    pub(crate) fn health_of_workspaces(mut self) -> Self {
        let shared = self.shared.clone();
        let check = move |params: RawPathParams| {
            let shared = shared.clone();
            async move {
                let id = params.iter().next().map_or("", |(_, value)| value);
                match available(&shared, id).await {
                    Ok(_) => Response::new(Body::from("ok")),
                    Err(error) => {
                        answer::json(error.status(), error.body(Plane::Workspace).to_string().into_bytes())
                    }
                }
            }
        };
        self.router = self.router.route("/w/{workspace}/health", on(MethodFilter::GET, check));
        self
    }

    /// The template as logs and faults name it.
    fn name(&self, template: &str) -> Arc<str> {
        match self.plane {
            Plane::Control => template.into(),
            Plane::Workspace => format!("/w/*{template}").into(),
        }
    }

    /// The template with numbered parameters: the router refuses two names for one place, and the API has them.
    fn pattern(&self, template: &str) -> String {
        let mut pattern = match self.plane {
            Plane::Control => String::new(),
            Plane::Workspace => format!("/w/{{workspace}}{}", zenml_api::workspace::BASE),
        };
        let mut rest = template;
        for number in 0_usize.. {
            let Some((before, after)) = rest.split_once('{') else { break };
            let (_, after) = after.split_once('}').unwrap_or((after, ""));
            pattern.push_str(before);
            pattern.push_str("{p");
            pattern.push_str(&number.to_string());
            pattern.push('}');
            rest = after;
        }
        pattern + rest
    }

    /// The routes for the server, and their table.
    pub(crate) fn finish(self) -> (axum::Router, Vec<ServedRoute>) {
        (self.router, self.served)
    }
}

fn filter(method: Method) -> MethodFilter {
    match method {
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
        Method::Put => MethodFilter::PUT,
        Method::Patch => MethodFilter::PATCH,
        Method::Delete => MethodFilter::DELETE,
    }
}

/// What stands between a connection and a handler, without the handler's types.
#[derive(Clone)]
struct Door {
    shared: Arc<Shared>,
    plane: Plane,
    access: Access,
    method: Method,
    name: Arc<str>,
}

impl Door {
    async fn pass(
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

    fn info(&self, request: &Request) -> RequestInfo {
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
            bearer: text(&header::AUTHORIZATION)
                .and_then(|value| {
                    value.split_once(' ').map(|(scheme, rest)| (scheme.to_owned(), rest.trim().to_owned()))
                })
                .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
                .map(|(_, credential)| credential.into()),
            server_version: named(SERVER_VERSION),
            server_url: named(SERVER_URL),
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
        info: RequestInfo,
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
            return Err(Error::internal("an idempotency key has to be a UUID", "it is not"));
        }
        let actor = match self.access {
            Access::Open => Actor::Anonymous,
            access => authn::actor(&self.shared, &info, workspace, access).await?,
        };
        let query = request.uri().query().unwrap_or_default().to_owned();
        let body = read_body(request.into_body()).await?;
        let cx = Cx::new(self.shared.clone(), actor, info, workspace);
        handle(cx, &path, &query, &body).await
    }

    fn refuse(&self, error: &Error, id: &str) -> Response {
        let status = error.status();
        if status.is_server_error() {
            let cause = error.context().map(|context| Chain(context).to_string()).unwrap_or_default();
            tracing::error!(method = %self.method, route = &*self.name, request.id = id, cause, "request failed: {error}");
        }
        let mut response = answer::json(status, error.body(self.plane).to_string().into_bytes());
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// The workspace that an address names, if it is served at all.
async fn available(shared: &Shared, id: &str) -> Result<WorkspacePlace> {
    let unknown = || Error::not_found("There is no such workspace.");
    let id = Uuid::try_parse(id).map_err(|_| unknown())?;
    let found = crate::engine::served_workspace(shared, id).await?;
    let (place, status) = found.ok_or_else(unknown)?;
    match status.as_str() {
        "available" => Ok(place),
        status => Err(Error::unavailable(format!("The workspace is not available: it is {status}."))),
    }
}

/// The answer of a handler that panicked, which is our fault.
fn panicked(error: &tokio::task::JoinError) -> Response {
    tracing::error!(%error, "a handler panicked");
    plain(StatusCode::INTERNAL_SERVER_ERROR, "An unexpected error occurred.")
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

async fn read_body(body: Body) -> Result<Vec<u8>> {
    let bytes = axum::body::to_bytes(body, BODY_LIMIT).await.map_err(|error| {
        Error::with_status(StatusCode::PAYLOAD_TOO_LARGE, "ValueError", "The request's body cannot be read.")
            .because(error)
    })?;
    Ok(bytes.to_vec())
}

fn note<T>(result: Result<T, Issue>, issues: &mut Vec<Issue>) -> Option<T> {
    result.map_err(|issue| issues.push(issue)).ok()
}

fn in_path(error: zenml_api::InvalidPath) -> Issue {
    Issue { place: vec!["path".to_owned()], message: error.0, kind: "value_error" }
}

fn in_document(document: &str, error: &CodecError) -> Issue {
    let members = error.path.split(['.', '[', ']']).filter(|part| !part.is_empty()).map(str::to_owned);
    let mut place: Vec<String> = std::iter::once(document.to_owned()).chain(members).collect();
    let text = error.message.split(" at line ").next().unwrap_or_default();
    let (kind, message) = if let Some(member) = text.strip_prefix("missing field `") {
        place.push(member.trim_end_matches('`').to_owned());
        ("missing", "Field required".to_owned())
    } else if text.ends_with("expected a string") {
        ("string_type", "Input should be a valid string".to_owned())
    } else if text.ends_with("expected a boolean") {
        ("bool_type", "Input should be a valid boolean".to_owned())
    } else {
        ("value_error", text.to_owned())
    };
    Issue { place, message, kind }
}

/// What unknown routes and wrong methods are answered, as the real servers do.
pub(crate) fn finish(router: axum::Router) -> axum::Router {
    router
        .fallback(|method: http::Method| async move {
            if method == http::Method::GET {
                plain(StatusCode::NOT_FOUND, "Not Found")
            } else {
                plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
            }
        })
        .method_not_allowed_fallback(|| async { plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed") })
}

fn plain(status: StatusCode, text: &str) -> Response {
    answer::json(status, json!({ "detail": text }).to_string().into_bytes())
}
