//! The engines that run workspaces.
//!
//! The control plane decides the desired state and stores the status; an engine does the work. Every operation is
//! idempotent: after a crash, the platform calls [`WorkspaceEngine::adopt`] and, if that finds nothing, starts over.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use sqlx::Row as _;
use uuid::Uuid;
use zenml_api::{Identifier, UserId};

use crate::error::{Error, Result};
use crate::rbac::{Kind, Owner, Resource, WorkspacePlace};
use crate::store::{Sql, Store, column};

/// Version of the ZenML server whose API embedded workspaces implement, and the default of all workspaces.
pub(crate) const DEFAULT_VERSION: &str = "0.98.0";

/// A workspace, as engines see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WorkspaceSpec {
    /// The workspace and its organization.
    pub(crate) place: WorkspacePlace,
    /// Its name.
    pub(crate) name: String,
    /// Desired version of its server.
    pub(crate) version: String,
}

/// The address of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Address of its server, without a trailing slash.
    pub(crate) server_url: String,
    /// Version of its server.
    pub(crate) version: String,
}

/// The state of a workspace, as its engine reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It is running.
    Running,
    /// It exists and is stopped.
    #[expect(dead_code, reason = "an engine of processes would report it; rows are never stopped")]
    Stopped,
    /// It does not exist.
    Absent,
    /// It is broken, for this reason.
    #[expect(dead_code, reason = "an engine of processes would report it; rows do not break")]
    Failed(String),
}

/// The error of an engine; the message becomes the workspace's `state_reason`.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct EngineError {
    /// The reason, for users.
    pub(crate) reason: String,
    /// The cause, for the log.
    #[source]
    pub(crate) source: Option<Error>,
}

impl From<Error> for EngineError {
    fn from(error: Error) -> Self {
        Self { reason: error.to_string(), source: Some(error) }
    }
}

/// Work of an engine. It runs in the background, on behalf of the platform.
pub(crate) type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T, EngineError>> + Send + 'a>>;

/// Runs workspaces.
pub(crate) trait WorkspaceEngine: fmt::Debug + Send + Sync + 'static {
    /// Starts a workspace: a new one, or a deactivated one.
    fn deploy<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, Endpoint>;

    /// Returns the address of a running workspace.
    fn endpoint(&self, workspace: &WorkspaceSpec) -> Endpoint;

    /// The existing file.
    fn state<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, State>;

    /// Brings a running workspace to the specified version.
    fn upgrade<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, Endpoint>;

    /// Stops a workspace and keeps its data.
    fn deactivate<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, ()>;

    /// Deletes a workspace with its data. Succeeds if it does not exist.
    fn delete<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, ()>;

    /// Takes over a workspace of an earlier run of the platform; `None` if it does not exist.
    fn adopt<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, Option<Endpoint>>;
}

/// Returns the location and the status of a workspace that this platform serves itself.
pub(crate) async fn served_workspace(store: &Store, id: Uuid) -> Result<Option<(WorkspacePlace, String)>> {
    let mut sql = store.begin_read().await?;
    let row = sqlx::query("SELECT organization_id, status FROM workspace WHERE id = $1 AND is_managed = 1")
        .bind(id.to_string())
        .fetch_optional(&mut *sql)
        .await?;
    row.map(|row| {
        let organization = Uuid::try_parse(row.try_get(0)?)
            .map_err(|error| Error::internal("a stored id is invalid", error))?;
        Ok((WorkspacePlace { organization, workspace: id }, row.try_get(1)?))
    })
    .transpose()
}

/// Returns the owner of an object of an embedded workspace. Kinds that the platform does not store have no owner
/// here.
pub(crate) async fn owner_of(sql: &mut Sql, place: WorkspacePlace, resource: Resource) -> Result<Owner> {
    let statement = match resource.kind {
        Kind::Stack => "SELECT owner_id FROM stack WHERE id = $1 AND workspace_id = $2",
        Kind::StackComponent => "SELECT owner_id FROM component WHERE id = $1 AND workspace_id = $2",
        Kind::ServiceConnector => "SELECT owner_id FROM connector WHERE id = $1 AND workspace_id = $2",
        Kind::Secret => "SELECT owner_id FROM secret WHERE id = $1 AND workspace_id = $2",
        _ => return Ok(Owner::Nobody),
    };
    let row = sqlx::query(statement)
        .bind(resource.id.map(|id| id.to_string()))
        .bind(place.workspace.to_string())
        .fetch_optional(sql)
        .await?;
    Ok(match row {
        None => Owner::Nobody,
        Some(row) => column::optional_id::<UserId>(&row, "owner_id")?
            .map_or(Owner::Everyone, |owner| Owner::Account(owner.uuid())),
    })
}
