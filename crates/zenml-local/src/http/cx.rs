//! What a handler gets besides its parameters.

use std::sync::Arc;

use http::StatusCode;
use serde::Serialize;
use sqlx::Row as _;
use zenml_api::{Identifier, Sensitive, WorkspaceId};

use crate::audit::{self, Origin, Outcome};
use crate::error::{Error, Result};
use crate::login::Address;
use crate::platform::Shared;
use crate::rbac::{Actor, Identity, WorkspacePlace};
use crate::store::{Recorded, Tx, now, seconds_from_now};

/// Seconds for which the answer of a request with an idempotency key is kept.
const IDEMPOTENCY: i64 = 300;

/// What is known of a request before its parameters are read.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestInfo {
    /// Id of the request; the caller's own, or a new one.
    pub(crate) id: String,
    /// Address of the caller, when there is a socket.
    pub(crate) remote: Option<String>,
    /// Template of the route.
    pub(crate) route: Arc<str>,
    /// `Idempotency-Key` header, on POST requests to a workspace.
    pub(crate) idempotency_key: Option<String>,
    /// The bearer credential, as it was sent.
    pub(crate) bearer: Option<Sensitive<String>>,
    /// All cookies, as they were sent.
    pub(crate) cookies: Option<Sensitive<String>>,
    /// `Content-Type` header.
    pub(crate) media_type: Option<String>,
    /// `zenml-server-version` header of a workspace server.
    pub(crate) server_version: Option<String>,
    /// `zenml-server-url` header of a workspace server.
    pub(crate) server_url: Option<String>,
    /// What makes it the same request as an earlier one; only with an idempotency key.
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

    /// The context of work that the platform does by itself.
    pub(crate) fn platform(shared: Arc<Shared>) -> Self {
        Self::new(shared, Actor::Platform, RequestInfo::default(), None)
    }

    /// The platform's state.
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// What is known of the request.
    pub(crate) fn request(&self) -> &RequestInfo {
        &self.request
    }

    /// Where the request comes from, as attempts are counted.
    pub(crate) fn address(&self) -> Address {
        Address::of(self.request.remote.as_deref())
    }

    /// Who asks.
    pub(crate) fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The account that asks.
    ///
    /// # Errors
    /// 401 when it is a workspace server that asks; on routes that need a login nobody else gets here.
    pub(crate) fn identity(&self) -> Result<&Identity> {
        self.actor
            .identity()
            .ok_or_else(|| Error::unauthorized("This endpoint needs a user or a service account."))
    }

    /// The workspace in whose API the request came.
    ///
    /// # Errors
    /// An internal error on routes of the control plane.
    pub(crate) fn workspace(&self) -> Result<WorkspacePlace> {
        self.workspace
            .ok_or_else(|| Error::internal("a workspace handler was mounted elsewhere", "no workspace"))
    }

    /// Id of the workspace in whose API the request came; see [`Cx::workspace`].
    pub(crate) fn workspace_id(&self) -> Result<WorkspaceId> {
        Ok(WorkspaceId::from_uuid(self.workspace()?.workspace))
    }

    /// Runs a handler's work in a transaction that sees one snapshot and cannot write.
    pub(crate) async fn read<T>(&self, work: impl AsyncFnOnce(&mut Tx) -> Result<T>) -> Result<T> {
        let mut tx = Tx::new(self.shared.store.begin_read().await?, self.actor.clone());
        let result = work(&mut tx).await;
        let recorded = tx.take_recorded();
        tx.rollback().await;
        // A read can be worth a row, such as one of secret values.
        self.record_alone(&recorded, &outcome(result.as_ref().err())).await?;
        result
    }

    /// Runs a handler's work in the transaction that may write. The change, its audit rows and the answer for a
    /// repeated request are committed together; if the work fails nothing is changed, and the attempt is recorded.
    ///
    /// The value is what the handler answers: with an idempotency key it is stored as the answer.
    pub(crate) async fn tx<T: Serialize>(&self, work: impl AsyncFnOnce(&mut Tx) -> Result<T>) -> Result<T> {
        let mut tx = Tx::new(self.shared.store.begin().await?, self.actor.clone());
        if let Some(answer) = self.earlier_answer(&mut tx).await? {
            tx.rollback().await;
            return Err(Error::replay(answer));
        }
        match work(&mut tx).await {
            Ok(value) => {
                let recorded = tx.take_recorded();
                audit::write(tx.sql(), &self.actor, &self.origin(), &recorded, &Outcome::DONE).await?;
                self.keep_answer(&mut tx, &value).await?;
                tx.commit().await?;
                Ok(value)
            }
            Err(error) => {
                let recorded = tx.take_recorded();
                tx.rollback().await;
                if error.is_of_storage() {
                    // Nothing was refused, and what could not be written cannot be recorded either.
                    self.shared.store.failed();
                    return Err(error);
                }
                self.record_alone(&recorded, &outcome(Some(&error))).await?;
                Err(error)
            }
        }
    }

    async fn record_alone(&self, recorded: &[Recorded], outcome: &Outcome) -> Result<()> {
        if recorded.is_empty() {
            return Ok(());
        }
        let mut tx = self.shared.store.begin().await?;
        audit::write(&mut tx, &self.actor, &self.origin(), recorded, outcome).await?;
        Ok(tx.commit().await?)
    }

    /// Where the request came from, for the audit trail.
    pub(crate) fn origin(&self) -> Origin {
        let request_id = Some(self.request.id.clone()).filter(|id| !id.is_empty());
        Origin { request_id, remote: self.request.remote.clone() }
    }

    /// Who, where and with which key; the answer of one must never be another's.
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
                "The idempotency key was used for another request. Use a new key for each request.",
            ));
        }
        Ok(Some(self.shared.vault.open_sealed(&format!("idempotency/{key}"), earlier.try_get(1)?)?))
    }

    async fn keep_answer<T: Serialize>(&self, tx: &mut Tx, value: &T) -> Result<()> {
        let Some((account, scope, key)) = self.idempotency() else { return Ok(()) };
        let answer = serde_json::to_vec(value)
            .map_err(|error| Error::internal("an answer has no JSON form", error))?;
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

fn outcome(error: Option<&Error>) -> Outcome {
    error.map_or(Outcome::DONE, |error| Outcome {
        status: error.status().as_u16(),
        reason: Some(error.to_string()),
    })
}
