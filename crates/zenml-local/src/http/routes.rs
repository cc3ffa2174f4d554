//! Routes: endpoints of the API with their handlers.

use std::future::Future;
use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::extract::{RawPathParams, Request};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use zenml_api::{CodecError, Endpoint, Method, PathParams, lax};

use super::answer;
use super::body::{self, Unreadable};
use super::cx::Cx;
use super::door::{Door, available};
use super::openapi::{self, Operation};
use crate::error::{Error, Issue, Plane, Result};
use crate::platform::Shared;

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
    operations: Vec<Operation>,
}

impl Routes {
    /// Routes of the control plane, at the root.
    pub(crate) fn control(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            plane: Plane::Control,
            router: axum::Router::new(),
            served: Vec::new(),
            operations: Vec::new(),
        }
    }

    /// Routes of the embedded workspaces, below `/w/{id}/api/v1`.
    pub(crate) fn workspace(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            plane: Plane::Workspace,
            router: axum::Router::new(),
            served: Vec::new(),
            operations: Vec::new(),
        }
    }

    /// Serves an endpoint for people and service accounts.
    #[must_use]
    pub(crate) fn serve<P, Q, B, A, F, Fut>(self, endpoint: &Endpoint<P, Q, B, A>, handler: F) -> Self
    where
        P: PathParams + Send + 'static,
        Q: DeserializeOwned + JsonSchema + Send + 'static,
        B: DeserializeOwned + JsonSchema + Send + 'static,
        A: Serialize + JsonSchema + 'static,
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
        Q: DeserializeOwned + JsonSchema + Send + 'static,
        B: DeserializeOwned + JsonSchema + Send + 'static,
        A: Serialize + JsonSchema + 'static,
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
        Q: DeserializeOwned + JsonSchema + Send + 'static,
        B: DeserializeOwned + JsonSchema + Send + 'static,
        A: Serialize + JsonSchema + 'static,
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
        Q: DeserializeOwned + JsonSchema + Send + 'static,
        B: DeserializeOwned + JsonSchema + Send + 'static,
        A: Serialize + JsonSchema + 'static,
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
        self.operations.push(Operation::new::<Q, B, A>(route, access, P::FORMATS));
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
                let (plane, is_head) = (door.plane, request.method() == http::Method::HEAD);
                let tasks = door.shared.clone();
                // A task of its own: a caller who hangs up does not cut a change off from what follows it.
                let answer = async move {
                    door.pass(&params, request, async |cx, path, query, body| {
                        let mut issues = Vec::new();
                        let path = note(
                            P::from_texts(path).map_err(|error| in_path(route.template, error)),
                            &mut issues,
                        );
                        let query = note(
                            endpoint.decode_query(query).map_err(|e| in_document("query", &e)),
                            &mut issues,
                        );
                        let media_type = cx.request().media_type.as_deref();
                        let body = match body::read(plane, &endpoint, media_type, body) {
                            Ok(body) => Some(body),
                            Err(Unreadable::Wrong(issue)) => note(Err(issue), &mut issues),
                            Err(Unreadable::Fatal(error)) => return Err(error),
                        };
                        let (Some(path), Some(query), Some(body)) = (path, query, body) else {
                            return Err(Error::validation(issues));
                        };
                        let value = handler(cx, path, query, body).await?;
                        serde_json::to_vec(&value)
                            .map_err(|error| Error::internal("an answer has no JSON form", error))
                    })
                    .await
                };
                async move {
                    // The router takes it for a GET; the real servers do not have it.
                    if is_head {
                        return plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
                    }
                    tasks.tasks.run(answer).await.unwrap_or_else(|error| panicked(&error))
                }
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

    /// Serves the OpenAPI document of the plane. It is made when somebody asks for it first.
    fn describe(self) -> Self {
        let Self { shared, plane, router, served, operations } = self;
        let made = Arc::new(OnceLock::<String>::new());
        let described = operations.clone();
        let tell = {
            let shared = shared.clone();
            move |params: RawPathParams| {
                let (made, shared, operations) = (made.clone(), shared.clone(), described.clone());
                async move {
                    let mut text =
                        made.get_or_init(|| openapi::document(plane, &operations).to_string()).clone();
                    if let Some((_, id)) = params.iter().next() {
                        if let Err(error) = available(&shared, id).await {
                            let body = error.body(Plane::Workspace).to_string();
                            return answer::json(error.status(), body.into_bytes());
                        }
                        text = text.replace(openapi::WORKSPACE, &format!("/w/{id}"));
                    }
                    answer::json(StatusCode::OK, text.into_bytes())
                }
            }
        };
        let path = match plane {
            Plane::Control => openapi::PATH.to_owned(),
            Plane::Workspace => format!("{}{}", openapi::WORKSPACE, openapi::PATH),
        };
        let router = router.route(&path, on(MethodFilter::GET, tell));
        Self { shared, plane, router, served, operations }
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
        let Self { router, served, .. } = self.describe();
        (router, served)
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

/// The answer of a handler that panicked, which is our fault.
fn panicked(error: &tokio::task::JoinError) -> Response {
    tracing::error!(%error, "a handler panicked");
    plain(StatusCode::INTERNAL_SERVER_ERROR, "An unexpected error occurred.")
}

fn note<T>(result: Result<T, Issue>, issues: &mut Vec<Issue>) -> Option<T> {
    result.map_err(|issue| issues.push(issue)).ok()
}

/// A parameter that is no id. The first is meant: those behind it are ids of the same form or free texts.
fn in_path(template: &str, error: zenml_api::InvalidPath) -> Issue {
    let name =
        template.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map_or("", |(name, _)| name);
    Issue::new(&["path", name], "uuid_parsing", error.0)
}

/// What is wrong with a document, as far as its decoder got.
pub(super) fn in_document(document: &str, error: &CodecError) -> Issue {
    let members = error.path.split(['.', '[', ']']).filter(|part| !part.is_empty()).map(str::to_owned);
    let mut place: Vec<String> = std::iter::once(document.to_owned()).chain(members).collect();
    let text = error.message.split(" at line ").next().unwrap_or_default();
    if let Some(member) = text.strip_prefix("missing field `") {
        place.push(member.trim_end_matches('`').to_owned());
        Issue::of_kind(&place, "missing")
    } else if place.len() == 1 && text.starts_with("invalid type: null") {
        Issue::of_kind(&place, "missing")
    } else {
        match kind_of(text) {
            kind @ ("enum" | "value_error") => Issue::new(&place, kind, text),
            kind => Issue::of_kind(&place, kind),
        }
    }
}

/// How what is expected is named by the decoder and by the real server.
const KINDS: [(&str, &str); 11] = [
    ("a string", "string_type"),
    ("a boolean", "bool_type"),
    ("a map", "dict_type"),
    ("a sequence", "list_type"),
    ("i64", "int_type"),
    ("u64", "int_type"),
    ("struct", "model_attributes_type"),
    ("a moment", "datetime_type"),
    ("the UUID of ", "uuid_type"),
    (lax::FRACTION, "int_from_float"),
    (lax::TOO_LARGE, "int_parsing_size"),
];

fn kind_of(text: &str) -> &'static str {
    if text.starts_with("unknown variant") {
        return "enum";
    }
    let Some((found, expected)) = text.split_once(", expected ") else { return "value_error" };
    let Some((_, kind)) = KINDS.iter().find(|(name, _)| expected.starts_with(name)) else {
        return "value_error";
    };
    // Texts may stand for booleans and numbers; these do not.
    match (*kind, found.contains(": string")) {
        ("uuid_type", true) => "uuid_parsing",
        ("bool_type", true) => "bool_parsing",
        ("int_type", true) => "int_parsing",
        (kind, _) => kind,
    }
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
