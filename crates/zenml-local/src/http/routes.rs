//! Routes: the endpoints of the APIs with their handlers.

use std::future::Future;
use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::extract::{RawPathParams, Request};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use http::{HeaderValue, StatusCode, header};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use zenml_api::{Endpoint, Method, PathParams};

use super::answer;
use super::cx::Cx;
use super::decode::{Received, decode};
use super::door::{Door, available};
use super::openapi::{self, Operation};
use super::refused::{Refused, Why};
use crate::authn::Access;
use crate::engine::workspace_name;
use crate::error::{Error, Plane, Result};
use crate::state::Shared;

/// A served route, for the table of routes and identities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServedRoute {
    /// The API that it belongs to.
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

    /// Serves an endpoint for users and service accounts.
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

    /// Serves an endpoint for everyone; the handler gets an anonymous actor.
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

    /// Serves an endpoint for workspace servers.
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

    /// Rejects operations of the real API with the reason why they are not served.
    #[must_use]
    pub(crate) fn refuse(mut self, all: &'static [Refused]) -> Self {
        for Refused { method, template, why } in all {
            let Why::Because(why) = why else { continue };
            let (pattern, name) = (self.pattern(template), self.name(template));
            let (shared, plane, method) = (self.shared.clone(), self.plane, *method);
            let door = Door { shared, plane, access: Access::Account, method, name };
            let answer = move |params: RawPathParams, request: Request| {
                let door = door.clone();
                async move {
                    if request.method() == http::Method::HEAD {
                        return plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
                    }
                    let refuse = async |_, _: &[&str], _: &str, _: &[u8]| Err(Error::not_implemented(*why));
                    door.pass(&params, request, refuse).await
                }
            };
            self.router = self.router.route(&pattern, on(filter(method), answer));
        }
        self
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
                // In its own task: if a caller hangs up, the change and its follow-up work still complete.
                let answer = async move {
                    door.pass(&params, request, async |cx, path, query, body| {
                        let media_type = cx.request().media_type.as_deref();
                        let received = Received { template, path, query, media_type, body };
                        let (path, query, body) = decode(plane, &endpoint, &received)?;
                        let value = handler(cx, path, query, body).await?;
                        serde_json::to_vec(&value)
                            .map_err(|error| Error::internal("a response cannot be encoded as JSON", error))
                    })
                    .await
                };
                async move {
                    // The router treats it as a GET; real servers do not support it.
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

    /// Serves what each workspace server has next to its API: its health checks, and the way to its page.
    #[must_use]
    pub(crate) fn beside_workspaces(mut self) -> Self {
        for (paths, is_page) in [
            (["/w/{workspace}/health", "/w/{workspace}/ready"], false),
            (["/w/{workspace}", "/w/{workspace}/"], true),
        ] {
            for path in paths {
                let shared = self.shared.clone();
                let answer = move |params: RawPathParams| {
                    let shared = shared.clone();
                    async move {
                        let id = params.iter().next().map_or("", |(_, value)| value);
                        let answer =
                            if is_page { page(&shared, id).await } else { health(&shared, id).await };
                        answer.unwrap_or_else(|error| {
                            let body = error.body(Plane::Workspace).to_string();
                            answer::json(error.status(), body.into_bytes())
                        })
                    }
                };
                self.router = self.router.route(path, on(MethodFilter::GET, answer));
            }
        }
        self
    }

    /// Serves the OpenAPI document of the plane. It is built on the first request.
    fn describe(self) -> Self {
        let Self { shared, plane, router, served, operations } = self;
        let made = Arc::new(OnceLock::<String>::new());
        let described = operations.clone();
        let serve = {
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
        let router = router.route(&path, on(MethodFilter::GET, serve));
        Self { shared, plane, router, served, operations }
    }

    /// The template as in logs and faults.
    fn name(&self, template: &str) -> Arc<str> {
        match self.plane {
            Plane::Control => template.into(),
            Plane::Workspace => format!("/w/*{template}").into(),
        }
    }

    /// The template with numbered parameters: the router rejects two names for the same position, and the API has
    /// some.
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

    /// Returns the routes for the server, and their table.
    pub(crate) fn finish(self) -> (axum::Router, Vec<ServedRoute>) {
        let Self { router, served, .. } = self.describe();
        (router, served)
    }
}

/// `ok`, if the workspace is available.
async fn health(shared: &Shared, id: &str) -> Result<Response> {
    available(shared, id).await?;
    Ok(Response::new(Body::from("ok")))
}

/// Sends a browser to the page of the workspace on the dashboard.
async fn page(shared: &Shared, id: &str) -> Result<Response> {
    let name = workspace_name(&shared.store, available(shared, id).await?).await?;
    let place = HeaderValue::from_str(&format!("{}/workspaces/{name}", shared.base_url))
        .map_err(|error| Error::internal("the name of a workspace is not allowed in an address", error))?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    response.headers_mut().insert(header::LOCATION, place);
    Ok(response)
}

pub(super) fn filter(method: Method) -> MethodFilter {
    match method {
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
        Method::Put => MethodFilter::PUT,
        Method::Patch => MethodFilter::PATCH,
        Method::Delete => MethodFilter::DELETE,
    }
}

/// The response for a handler that panicked: a fault of the platform.
pub(super) fn panicked(error: &tokio::task::JoinError) -> Response {
    tracing::error!(%error, "a handler panicked");
    plain(StatusCode::INTERNAL_SERVER_ERROR, "An unexpected error occurred.")
}

/// The responses for unknown routes and wrong methods, as on real servers.
pub(crate) fn finish(router: axum::Router) -> axum::Router {
    router
        .fallback(|method: http::Method| async move {
            if method == http::Method::GET {
                plain(StatusCode::NOT_FOUND, "Not Found")
            } else {
                plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
            }
        })
        .method_not_allowed_fallback(|method: http::Method, uri: http::Uri| async move {
            // On a workspace server, the dashboard has all paths that the API cannot read, so they are unknown.
            if method == http::Method::GET && uri.path().starts_with("/w/") {
                plain(StatusCode::NOT_FOUND, "Not Found")
            } else {
                plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
            }
        })
}

fn plain(status: StatusCode, text: &str) -> Response {
    answer::json(status, json!({ "detail": text }).to_string().into_bytes())
}
