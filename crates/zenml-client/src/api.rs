//! One API: the control plane, a workspace, or a plain server.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use zenml_api::{Endpoint, Method, PathParams, Request, Route, Sensitive, WorkspaceId};

use crate::client::Homes;
use crate::error::{ApiError, Call};
use crate::list::Listing;
use crate::origin::Origin;
use crate::token::{Bearer, Tokens};
use crate::transport::HttpResponse;
use crate::wire::{Outgoing, Repeat, Wire};

/// Kinds of APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Plane {
    /// The management API of ZenML Pro.
    ControlPlane,
    /// A workspace of ZenML Pro.
    Workspace,
    /// A server that was named by its address.
    Server,
}

impl fmt::Display for Plane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ControlPlane => "control plane",
            Self::Workspace => "workspace",
            Self::Server => "server",
        })
    }
}

/// One API with its session. Cheap to clone; all clones share the session.
#[derive(Clone)]
pub struct Api {
    inner: Arc<Inner>,
}

struct Inner {
    wire: Wire,
    tokens: Tokens,
    /// Where this workspace is remembered, to be forgotten when it cannot be reached.
    home: Option<(WorkspaceId, Arc<Homes>)>,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Api({} at {})", self.plane(), self.base())
    }
}

impl Api {
    pub(crate) fn new(wire: Wire, tokens: Tokens, home: Option<(WorkspaceId, Arc<Homes>)>) -> Self {
        Self { inner: Arc::new(Inner { wire, tokens, home }) }
    }

    /// Which kind of API this is.
    #[must_use]
    pub fn plane(&self) -> Plane {
        self.inner.wire.plane
    }

    /// Its address, without a trailing slash.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.inner.wire.base
    }

    /// Where its address and the credential for it were set.
    #[must_use]
    pub fn origin(&self) -> &Arc<Origin> {
        &self.inner.wire.origin
    }

    /// Calls an endpoint that takes nothing but its path.
    pub async fn call<P, A>(&self, endpoint: &Endpoint<P, (), (), A>, path: P) -> Result<A, ApiError>
    where
        P: PathParams,
        A: DeserializeOwned + 'static,
    {
        self.send(endpoint, path, (), ()).await
    }

    /// Calls an endpoint. What may be repeated is repeated; a session that ended is renewed once.
    pub async fn send<P, Q, B, A>(
        &self,
        endpoint: &Endpoint<P, Q, B, A>,
        path: P,
        query: Q,
        body: B,
    ) -> Result<A, ApiError>
    where
        P: PathParams,
        Q: Serialize,
        B: Serialize,
        A: DeserializeOwned + 'static,
    {
        let answer = self.raw(endpoint.route(), encode(endpoint, &path, &query, &body)?).await?;
        self.decode(endpoint, &answer)
    }

    /// Calls an endpoint that is open to everyone, without a credential and without logging in.
    pub async fn call_openly<P, A>(&self, endpoint: &Endpoint<P, (), (), A>, path: P) -> Result<A, ApiError>
    where
        P: PathParams,
        A: DeserializeOwned + 'static,
    {
        let request = encode(endpoint, &path, &(), &())?;
        let outgoing = self.outgoing(endpoint.route(), &request);
        let answer = self.inner.wire.exchange(&outgoing, None, 0).await?;
        let answer =
            Answer { call: self.answered(&outgoing, &answer), body: answer.body, secrets: request.secrets };
        self.decode(endpoint, &answer)
    }

    /// All items of a list, page by page.
    pub async fn list_all<L: Listing>(
        &self,
        endpoint: &L,
        path: L::Path,
        query: L::Query,
    ) -> Result<Vec<L::Item>, ApiError> {
        endpoint.read_all(self, path, query).await
    }

    /// Whether the session was given as it is. Then nothing but a call tells whether it is accepted.
    #[must_use]
    pub fn has_given_session(&self) -> bool {
        self.inner.tokens.is_fixed()
    }

    /// Makes sure that the credential is accepted, with a login if there is no session yet.
    pub async fn log_in(&self) -> Result<(), ApiError> {
        self.bearer().await.map(|_| ())
    }

    /// Forgets a session that was refused elsewhere. `false` if there is no way to another one.
    pub(crate) fn refused(&self, bearer: &Bearer) -> bool {
        self.inner.tokens.refused(bearer)
    }

    pub(crate) async fn bearer(&self) -> Result<Bearer, ApiError> {
        self.inner.tokens.bearer(&self.inner.wire).await
    }

    /// The whole call but its types, so that it is compiled once.
    pub(crate) async fn raw(&self, route: Route, request: Request) -> Result<Answer, ApiError> {
        let outgoing = self.outgoing(route, &request);
        let result = self.with_session(&outgoing).await;
        if let (Err(ApiError::Unreachable { .. } | ApiError::NotTheApi { .. }), Some((id, homes))) =
            (&result, &self.inner.home)
        {
            homes.forget(*id);
        }
        let answer = result?;
        Ok(Answer { call: self.answered(&outgoing, &answer), body: answer.body, secrets: request.secrets })
    }

    /// Reads a success. All calls of all endpoints come by here.
    pub(crate) fn decode<P, Q, B, A: DeserializeOwned + 'static>(
        &self,
        endpoint: &Endpoint<P, Q, B, A>,
        answer: &Answer,
    ) -> Result<A, ApiError> {
        let (read, secrets) = endpoint.decode_answer_noting(&answer.body);
        self.inner.wire.shared.remember(secrets.expose());
        read.map_err(|cause| self.inner.wire.unreadable(answer.call.clone(), answer.secrets.expose(), &cause))
    }

    async fn with_session(&self, outgoing: &Outgoing<'_>) -> Result<HttpResponse, ApiError> {
        let Inner { wire, tokens, .. } = &*self.inner;
        let bearer = tokens.bearer(wire).await?;
        match wire.exchange(outgoing, Some(&bearer.header), 0).await {
            // A 401 means that nothing was done, so any call can be made again.
            Err(ApiError::Unauthorized(refused)) if tokens.refused(&bearer) => {
                let bearer = tokens.bearer(wire).await?;
                wire.exchange(outgoing, Some(&bearer.header), refused.call.attempts).await
            }
            result => result,
        }
    }

    fn outgoing<'a>(&self, route: Route, request: &'a Request) -> Outgoing<'a> {
        match (self.plane(), route.method) {
            (Plane::ControlPlane, Method::Post) => Outgoing::new(route, request, Repeat::IfUntouched),
            (_, Method::Post) => Outgoing::new(route, request, Repeat::Always).with_idempotency_key(),
            // A PATCH sets values, so the second one changes nothing.
            _ => Outgoing::new(route, request, Repeat::Always),
        }
    }

    fn answered(&self, outgoing: &Outgoing<'_>, answer: &HttpResponse) -> Call {
        let mut call = self.inner.wire.call(outgoing, 1);
        call.status = Some(answer.status.as_u16());
        call
    }
}

/// A success that is not read yet.
pub(crate) struct Answer {
    pub(crate) body: Bytes,
    call: Call,
    /// What was secret in the request.
    secrets: Sensitive<Vec<String>>,
}

pub(crate) fn encode<P, Q, B, A>(
    endpoint: &Endpoint<P, Q, B, A>,
    path: &P,
    query: &Q,
    body: &B,
) -> Result<Request, ApiError>
where
    P: PathParams,
    Q: Serialize,
    B: Serialize,
{
    let route = endpoint.route();
    endpoint.request(path, query, body).map_err(|cause| ApiError::Unsendable { route, cause })
}
