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

/// What runs a workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EngineKind {
    /// The platform serves the workspace itself.
    #[default]
    Embedded,
    /// The workspace is a real ZenML server, which the platform starts and watches.
    Zenml,
}

impl EngineKind {
    /// Returns its name, as stored.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Zenml => "zenml",
        }
    }

    /// Reads a stored name.
    pub(crate) fn parse(name: &str) -> Result<Self> {
        [Self::Embedded, Self::Zenml]
            .into_iter()
            .find(|kind| kind.as_str() == name)
            .ok_or_else(|| Error::internal("a stored engine is unknown", name.to_owned()))
    }
}

/// The engines of a platform.
#[derive(Debug)]
pub(crate) struct Engines {
    /// The engine of new workspaces.
    pub(crate) default: EngineKind,
    pub(crate) embedded: Box<dyn WorkspaceEngine>,
    pub(crate) zenml: Box<dyn WorkspaceEngine>,
}

impl Engines {
    /// Ends what runs outside of the platform, when the platform stops.
    pub(crate) async fn stop(&self) {
        self.embedded.stop().await;
        self.zenml.stop().await;
    }

    /// Returns the engine of a workspace.
    pub(crate) fn of(&self, kind: EngineKind) -> &dyn WorkspaceEngine {
        match kind {
            EngineKind::Embedded => &*self.embedded,
            EngineKind::Zenml => &*self.zenml,
        }
    }
}

/// Returns whether a text has the form of a version of ZenML, such as `0.98.0`, `v0.98` or `0.98.0rc1`.
pub(crate) fn is_version(text: &str) -> bool {
    let text = bare(text);
    let letter = text.find(|c: char| c.is_ascii_lowercase()).unwrap_or(text.len());
    let (numbers, rest) = text.split_at(letter);
    let is_number =
        |part: &str| !part.is_empty() && part.len() <= 9 && part.bytes().all(|b| b.is_ascii_digit());
    let is_candidate =
        |rest: &str| ["a", "b", "rc"].iter().filter_map(|kind| rest.strip_prefix(kind)).any(is_number);
    numbers.split('.').count() <= 4
        && numbers.contains('.')
        && numbers.split('.').all(is_number)
        && (rest.is_empty() || is_candidate(rest))
}

/// Compares versions: `0.98` and `0.98.0` are the same.
pub(crate) fn is_same_version(one: &str, other: &str) -> bool {
    numbers(one) == numbers(other)
}

/// Returns whether a version is older than another one.
pub(crate) fn is_older_version(version: &str, than: &str) -> bool {
    numbers(version) < numbers(than)
}

/// Returns a version without the letter that people write before it.
pub(crate) fn bare(version: &str) -> &str {
    version.strip_prefix('v').unwrap_or(version)
}

/// The order of versions: a candidate comes before its release.
fn numbers(version: &str) -> (Vec<u64>, bool, String) {
    let version = bare(version);
    let letter = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    let (numbers, rest) = version.split_at(letter);
    let mut numbers: Vec<u64> = numbers.split('.').map(|part| part.parse().unwrap_or(0)).collect();
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    (numbers, rest.is_empty(), rest.to_owned())
}

/// A workspace, as engines see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WorkspaceSpec {
    /// The workspace and its organization.
    pub(crate) place: WorkspacePlace,
    /// Its name.
    pub(crate) name: String,
    /// Desired version of its server.
    pub(crate) version: String,
    /// Version of its server so far, if it has run.
    pub(crate) deployed: Option<String>,
}

/// A running workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Address of its server, without a trailing slash.
    pub(crate) server_url: String,
    /// Version of its server.
    pub(crate) version: String,
    /// Why the version is not the desired one, for users; empty if it is. The desired version is then this one: the change
    /// has been tried, and is over.
    pub(crate) note: String,
    /// What to watch; `None` if the workspace cannot end by itself.
    pub(crate) watch: Option<Watch>,
}

/// One run of a workspace's server, until somebody starts, stops or changes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Watch(pub(crate) u64);

/// The error of an engine.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    /// The workspace failed.
    #[error("{reason}")]
    Failed {
        /// The reason, for users. It becomes the workspace's `state_reason`.
        reason: String,
        /// The cause, for the log.
        #[source]
        source: Option<Error>,
    },
    /// Later work on the same workspace has begun, and this one is not needed any more.
    #[error("later work on the workspace has begun")]
    Superseded,
}

impl EngineError {
    /// The workspace failed for this reason.
    pub(crate) fn failed(reason: impl Into<String>) -> Self {
        Self::Failed { reason: reason.into(), source: None }
    }
}

impl From<Error> for EngineError {
    fn from(error: Error) -> Self {
        Self::Failed { reason: error.to_string(), source: Some(error) }
    }
}

/// Work of an engine. It runs in the background, on behalf of the platform.
pub(crate) type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T, EngineError>> + Send + 'a>>;

/// Runs workspaces.
///
/// Later work on a workspace ends earlier work on it, which then returns [`EngineError::Superseded`].
pub(crate) trait WorkspaceEngine: fmt::Debug + Send + Sync + 'static {
    /// Starts a workspace: a new one, a deactivated one, or one whose server ended.
    fn deploy<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, Endpoint>;

    /// Brings a workspace to the specified version. If that version does not start, the earlier one runs again.
    fn upgrade<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, Endpoint>;

    /// Stops a workspace and keeps its data.
    fn deactivate<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, ()>;

    /// Deletes a workspace with its data. Succeeds if it does not exist.
    fn delete<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, ()>;

    /// Takes over a workspace that still runs from an earlier run of the platform; `None` if it does not run.
    fn adopt<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, Option<Endpoint>>;

    /// Waits until a running workspace has ended by itself, and returns the reason for users.
    fn ended<'a>(&'a self, workspace: &'a WorkspaceSpec, watch: Watch) -> Work<'a, String> {
        let _ = (workspace, watch);
        Box::pin(std::future::pending())
    }

    /// Starts a workspace again that has ended by itself. It is watched as before.
    fn restart<'a>(&'a self, workspace: &'a WorkspaceSpec, watch: Watch) -> Work<'a, Endpoint> {
        let _ = watch;
        self.deploy(workspace)
    }

    /// Ends what runs for workspaces that the database does not know, such as after it was restored. Their data stays.
    fn end_others<'a>(&'a self, known: &'a [Uuid]) -> Work<'a, ()> {
        let _ = known;
        Box::pin(std::future::ready(Ok(())))
    }

    /// Ends what runs outside of the platform, when the platform stops.
    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }
}

/// Returns the location and the status of a workspace that this platform serves itself.
pub(crate) async fn served_workspace(store: &Store, id: Uuid) -> Result<Option<(WorkspacePlace, String)>> {
    let mut sql = store.begin_read().await?;
    let row = sqlx::query("SELECT organization_id, status FROM workspace WHERE id = $1 AND is_managed = 1 AND engine = 'embedded'")
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

/// Returns the name of a workspace.
pub(crate) async fn workspace_name(store: &Store, place: WorkspacePlace) -> Result<String> {
    Ok(sqlx::query_scalar("SELECT name FROM workspace WHERE id = $1")
        .bind(place.workspace.to_string())
        .fetch_one(&mut *store.begin_read().await?)
        .await?)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_a_form_and_an_order() {
        for version in ["0.98.0", "0.98", "1.0.0", "0.98.0rc1", "0.98.0.1", "v0.98.0"] {
            assert!(is_version(version), "{version}");
        }
        for other in [
            "",
            "1",
            "99.banana",
            "0.98.0-1",
            "../0.98.0",
            "0..98",
            "0.98.0rc",
            "0.98.0rc1.x",
            "vv0.98.0",
            " 0.98",
        ] {
            assert!(!is_version(other), "{other}");
        }
        assert!(is_same_version("v0.98", "0.98.0") && !is_same_version("0.98.0", "0.98.0rc1"));
        for (older, newer) in
            [("0.9.0", "0.10.0"), ("0.98.0rc1", "0.98.0"), ("0.98", "0.98.1"), ("0.99", "1.0")]
        {
            assert!(is_older_version(older, newer) && !is_older_version(newer, older), "{older} {newer}");
        }
    }
}
