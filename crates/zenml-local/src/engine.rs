//! What a workspace is made of.
//!
//! The control plane decides what shall be and keeps the status; an engine does it. Every operation may be repeated:
//! after a crash the platform calls [`WorkspaceEngine::adopt`] and, if that finds nothing, starts again.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use sqlx::Row as _;
use uuid::Uuid;
use zenml_api::{Identifier, UserId};

use crate::error::{Error, Result};
use crate::rbac::{Kind, Owner, Resource, WorkspacePlace};
use crate::store::{Sql, Store, column};

/// Version of the ZenML server whose API the embedded workspaces have, and the default of all workspaces.
pub(crate) const DEFAULT_VERSION: &str = "0.98.0";

/// A workspace, as engines see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WorkspaceSpec {
    /// Which workspace, of which organization.
    pub(crate) place: WorkspacePlace,
    /// Its name.
    pub(crate) name: String,
    /// Version of the server that it shall run.
    pub(crate) version: String,
}

/// Where a workspace answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Address of its server, without a trailing slash.
    pub(crate) server_url: String,
    /// Version of its server.
    pub(crate) version: String,
}

/// What an engine sees of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It answers.
    Running,
    /// It is there and switched off.
    #[expect(dead_code, reason = "an engine of processes tells it; rows are never switched off")]
    Stopped,
    /// There is nothing of it.
    Absent,
    /// It is broken, for this reason.
    #[expect(dead_code, reason = "an engine of processes tells it; rows do not break")]
    Failed(String),
}

/// Why an engine could not do its work; the text becomes the workspace's `state_reason`.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct EngineError {
    /// The reason, for people.
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

/// Work of an engine. It runs in the background, in the platform's own name.
pub(crate) type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T, EngineError>> + Send + 'a>>;

/// Makes workspaces out of something.
pub(crate) trait WorkspaceEngine: fmt::Debug + Send + Sync + 'static {
    /// Brings a workspace up: a new one, or one that was deactivated.
    fn deploy<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, Endpoint>;

    /// Where a workspace answers while it runs.
    fn endpoint(&self, workspace: &WorkspaceSpec) -> Endpoint;

    /// What is there.
    fn state<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, State>;

    /// Brings a running workspace to the version that the specification names.
    fn upgrade<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, Endpoint>;

    /// Switches a workspace off and keeps its data.
    fn deactivate<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, ()>;

    /// Removes a workspace with its data. Nothing to remove is a success.
    fn delete<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, ()>;

    /// Takes a workspace over that an earlier run of the platform left; `None` when there is nothing of it.
    fn adopt<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, Option<Endpoint>>;
}

/// The place and the status of a workspace that this platform serves itself.
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

/// Whose an object of an embedded workspace is. What the platform does not keep itself is nobody's here.
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
