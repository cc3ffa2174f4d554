//! The context that a handler gets in addition to its parameters.

use std::sync::Arc;

use http::StatusCode;
use serde::Serialize;
use sqlx::Row as _;
use uuid::Uuid;
use zenml_api::{Identifier, WorkspaceId};

use crate::audit::Origin;
use crate::authn::RequestCredentials;
use crate::error::{Error, Result};
use crate::login::{Address, Door, Subject};
use crate::rbac::{Actor, Identity, Tx, WorkspacePlace};
use crate::state::Shared;
use crate::store::{now, seconds_from_now};
use crate::unit_of_work;

/// Seconds for which the response of a request with an idempotency key is stored.
const IDEMPOTENCY: i64 = 300;

/// What is known about a request before its parameters are read.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestInfo {
    /// Id of the request; the caller's own, or a new one.
    pub(crate) id: String,
    /// Address of the caller, if there is a socket.
    pub(crate) remote: Option<String>,
    /// Template of the route.
    pub(crate) route: Arc<str>,
    /// `Idempotency-Key` header, on POST requests to a workspace.
    pub(crate) idempotency_key: Option<String>,
    /// The credentials of the caller.
    pub(crate) presented: RequestCredentials,
    /// `Content-Type` header.
    pub(crate) media_type: Option<String>,
    /// `User-Agent` header.
    pub(crate) user_agent: Option<String>,
    /// `zenml-server-version` header of a workspace server.
    pub(crate) server_version: Option<String>,
    /// `zenml-server-url` header of a workspace server.
    pub(crate) server_url: Option<String>,
    /// Fingerprint that identifies a repeated request; only with an idempotency key.
    pub(crate) fingerprint: Vec<u8>,
}

/// The context of one request. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Cx {
    shared: Arc<Shared>,
    actor: Actor,
    request: Arc<RequestInfo>,
    workspace: Option<WorkspacePlace>,
}

impl Cx {
    pub(crate) fn new(
        shared: Arc<Shared>,
        actor: Actor,
        request: RequestInfo,
        workspace: Option<WorkspacePlace>,
    ) -> Self {
        Self { shared, actor, request: Arc::new(request), workspace }
    }

    /// The same request on behalf of an account that was identified by the cookie of a page.
    pub(crate) fn on_behalf_of(&self, identity: Identity) -> Self {
        Self { actor: Actor::Account(identity), ..self.clone() }
    }

    /// The platform's state.
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Returns what is known about the request.
    pub(crate) fn request(&self) -> &RequestInfo {
        &self.request
    }

    /// Returns the origin of the request, for counting attempts.
    pub(crate) fn address(&self) -> Address {
        Address::of(self.request.remote.as_deref())
    }

    /// The place and origin of a login attempt.
    pub(crate) fn login(&self) -> Door {
        Door { workspace: self.workspace.map(|place| place.workspace), origin: self.origin() }
    }

    /// Records a rejected login, and returns the error.
    pub(crate) async fn refuse_login(&self, subject: Subject, refusal: Error) -> Error {
        self.shared.logins.refused(&self.shared.tasks, &self.login(), subject, refusal).await
    }

    /// Returns the account that sends the request.
    ///
    /// # Errors
    /// 401 if a workspace server sends the request; on routes that require a login, nobody else gets here.
    pub(crate) fn identity(&self) -> Result<&Identity> {
        self.actor
            .identity()
            .ok_or_else(|| Error::unauthorized("This endpoint requires a user or a service account."))
    }

    /// Returns the workspace whose server sends the request.
    ///
    /// # Errors
    /// 403 if anybody else sends the request.
    pub(crate) fn workspace_server(&self) -> Result<Uuid> {
        match self.actor {
            Actor::WorkspaceServer(workspace) => Ok(workspace),
            _ => Err(Error::forbidden("Only workspace servers may call this endpoint.")),
        }
    }

    /// Returns the workspace whose API the request uses.
    ///
    /// # Errors
    /// An internal error on routes of the control plane.
    pub(crate) fn workspace(&self) -> Result<WorkspacePlace> {
        self.workspace
            .ok_or_else(|| Error::internal("a workspace handler is mounted on another API", "no workspace"))
    }

    /// Returns the id of the workspace whose API the request uses; see [`Cx::workspace`].
    pub(crate) fn workspace_id(&self) -> Result<WorkspaceId> {
        Ok(WorkspaceId::from_uuid(self.workspace()?.workspace))
    }

    /// Runs a handler's work in a read-only transaction on one snapshot.
    pub(crate) async fn read<T>(&self, work: impl AsyncFnOnce(&mut Tx) -> Result<T>) -> Result<T> {
        unit_of_work::read(&self.shared.store, &self.actor, &self.origin(), work).await
    }

    /// Runs a handler's work in the write transaction. The change, its audit rows and the response for a repeated
    /// request are committed together. If the work fails, nothing is changed, and the attempt is recorded.
    ///
    /// The value is the response of the handler: with an idempotency key, it is stored.
    pub(crate) async fn tx<T: Serialize>(&self, work: impl AsyncFnOnce(&mut Tx) -> Result<T>) -> Result<T> {
        unit_of_work::write(&self.shared.store, &self.actor, &self.origin(), async |tx| {
            if let Some(answer) = self.earlier_answer(tx).await? {
                return Err(Error::replay(answer));
            }
            let value = work(tx).await?;
            self.keep_answer(tx, &value).await?;
            Ok(value)
        })
        .await
    }

    /// Returns the origin of the request, for the audit trail.
    pub(crate) fn origin(&self) -> Origin {
        let request_id = Some(self.request.id.clone()).filter(|id| !id.is_empty());
        Origin { request_id, remote: self.request.remote.clone() }
    }

    /// The account, the route and the key; a stored response must never be returned for another combination.
    fn idempotency(&self) -> Option<(String, String, String)> {
        let key = self.request.idempotency_key.clone()?;
        let account = self.actor.identity()?.account.to_string();
        let workspace = self.workspace.map(|place| place.workspace.to_string()).unwrap_or_default();
        Some((account, format!("{workspace} {}", self.request.route), key))
    }

    async fn earlier_answer(&self, tx: &mut Tx) -> Result<Option<Vec<u8>>> {
        let Some((account, scope, key)) = self.idempotency() else { return Ok(None) };
        sqlx::query("DELETE FROM idempotency WHERE created < $1")
            .bind(seconds_from_now(-IDEMPOTENCY))
            .execute(tx.sql())
            .await?;
        let earlier = sqlx::query(
            "SELECT request, answer FROM idempotency WHERE account_id = $1 AND scope = $2 AND idempotency_key = $3",
        )
        .bind(&account)
        .bind(&scope)
        .bind(&key)
        .fetch_optional(tx.sql())
        .await?;
        let Some(earlier) = earlier else { return Ok(None) };
        if earlier.try_get::<&[u8], _>(0)? != self.request.fingerprint {
            return Err(Error::with_status(
                StatusCode::UNPROCESSABLE_ENTITY,
                "ValueError",
                "This idempotency key was used for a different request. Use a new key for each request.",
            ));
        }
        Ok(Some(self.shared.vault.open_sealed(&format!("idempotency/{key}"), earlier.try_get(1)?)?))
    }

    async fn keep_answer<T: Serialize>(&self, tx: &mut Tx, value: &T) -> Result<()> {
        let Some((account, scope, key)) = self.idempotency() else { return Ok(()) };
        let answer = serde_json::to_vec(value)
            .map_err(|error| Error::internal("a response cannot be encoded as JSON", error))?;
        sqlx::query(
            "INSERT INTO idempotency (account_id, scope, idempotency_key, answer, created, request) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(account)
        .bind(scope)
        .bind(&key)
        .bind(self.shared.vault.seal(&format!("idempotency/{key}"), &answer))
        .bind(now())
        .bind(&self.request.fingerprint)
        .execute(tx.sql())
        .await?;
        Ok(())
    }
}
