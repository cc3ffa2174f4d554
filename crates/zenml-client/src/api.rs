//! One API: the control plane, a workspace, or a plain server.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zenml_api::{Endpoint, PathParams, Request};

use crate::answer::Answer;
use crate::error::ApiError;
use crate::origin::Origin;
use crate::plane::Plane;
use crate::session::{AccessToken, Session};

/// One API with its session. Cheap to clone; all clones share the session.
#[derive(Clone)]
pub struct Api {
    pub(crate) session: Arc<Session>,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Api({} at {})", self.plane(), self.base())
    }
}

impl Api {
    pub(crate) fn new(session: Session) -> Self {
        Self { session: Arc::new(session) }
    }

    /// Returns the kind of the API.
    #[must_use]
    pub fn plane(&self) -> Plane {
        self.session.wire.plane
    }

    /// Returns its address, without a trailing slash.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.session.wire.base
    }

    /// Returns where its address and its credential were set.
    #[must_use]
    pub fn origin(&self) -> &Arc<Origin> {
        &self.session.wire.origin
    }

    /// Calls an endpoint without a body, with the default query.
    pub async fn call<P, Q, A>(&self, endpoint: &Endpoint<P, Q, (), A>, path: P) -> Result<A, ApiError>
    where
        P: PathParams,
        Q: Serialize + Default,
        A: DeserializeOwned + 'static,
    {
        self.send(endpoint, path, Q::default(), ()).await
    }

    /// Calls an endpoint. Retries what can be retried, and renews an expired session once.
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
        self.read(endpoint, &self.ask(endpoint, &path, &query, &body).await?)
    }

    /// Calls a public endpoint, without a credential and without a login.
    pub async fn call_openly<P, A>(&self, endpoint: &Endpoint<P, (), (), A>, path: P) -> Result<A, ApiError>
    where
        P: PathParams,
        A: DeserializeOwned + 'static,
    {
        let request = encode(endpoint, &path, &(), &())?;
        self.read(endpoint, &self.session.send_openly(endpoint.route(), request).await?)
    }

    /// Returns whether the session has a fixed token. Then only a call shows whether it is accepted.
    #[must_use]
    pub fn has_given_session(&self) -> bool {
        self.session.is_fixed()
    }

    /// Checks that the credential is accepted. Logs in if there is no session yet.
    pub async fn log_in(&self) -> Result<(), ApiError> {
        self.session.bearer().await.map(|_| ())
    }

    /// Returns an access token for another program. It comes from a login of its own, so it has its full lifetime. A
    /// credential that already is a token is returned unchanged. No credential is changed.
    pub async fn access_token(&self) -> Result<AccessToken, ApiError> {
        self.session.access_token().await
    }

    /// Calls an endpoint without decoding the response.
    pub(crate) async fn ask<P, Q, B, A>(
        &self,
        endpoint: &Endpoint<P, Q, B, A>,
        path: &P,
        query: &Q,
        body: &B,
    ) -> Result<Answer, ApiError>
    where
        P: PathParams,
        Q: Serialize,
        B: Serialize,
    {
        self.session.send(endpoint.route(), encode(endpoint, path, query, body)?).await
    }

    pub(crate) fn read<P, Q, B, A: DeserializeOwned + 'static>(
        &self,
        endpoint: &Endpoint<P, Q, B, A>,
        answer: &Answer,
    ) -> Result<A, ApiError> {
        answer.read(&self.session.wire, endpoint)
    }
}

fn encode<P, Q, B, A>(
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
