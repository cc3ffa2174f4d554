//! The audit trail: who did what, when, from where, and with what result.

use printable::Name;
use serde::Serialize;
use sqlx::Row as _;
use uuid::Uuid;

use crate::rbac::{Actor, Recorded};
use crate::store::{Row, Sql, now};

/// Where a change came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Id of the request, as in the `X-Request-ID` header of the response.
    pub request_id: Option<String>,
    /// Address of the caller.
    pub remote: Option<String>,
}

/// The outcome of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// HTTP status of the response.
    pub status: u16,
    /// The reason of the rejection, as in the response.
    pub reason: Option<String>,
}

impl Outcome {
    /// It was done.
    pub const DONE: Self = Self { status: 200, reason: None };
}

/// Adds rows for changes, in the transaction that makes the changes.
pub(crate) async fn write(
    sql: &mut Sql,
    actor: &Actor,
    origin: &Origin,
    changes: &[Recorded],
    outcome: &Outcome,
) -> Result<(), sqlx::Error> {
    for change in changes {
        let (actor_kind, actor_id, actor_name, detail) = described(actor, change);
        let organization = (!change.organization.is_nil()).then(|| change.organization.to_string());
        sqlx::query(
            "INSERT INTO audit (sequence, at, actor_kind, actor_id, actor_name, action, kind, object_id, \
             object_name, organization_id, workspace_id, detail, status, reason, request_id, remote) \
             SELECT COALESCE(MAX(sequence), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15 \
             FROM audit",
        )
        .bind(now())
        .bind(actor_kind)
        .bind(actor_id.map(|id| id.to_string()))
        .bind(&actor_name)
        .bind(change.action.as_str())
        .bind(change.kind.as_str())
        .bind(change.id.map(|id| id.to_string()))
        .bind(&change.name)
        .bind(organization)
        .bind(change.workspace.map(|id| id.to_string()))
        .bind(&detail)
        .bind(i64::from(outcome.status))
        .bind(&outcome.reason)
        .bind(&origin.request_id)
        .bind(&origin.remote)
        .execute(&mut *sql)
        .await?;
    }
    Ok(())
}

/// Who made a change, and its details. A change that a workspace's server makes for an account is that account's.
fn described(actor: &Actor, change: &Recorded) -> (&'static str, Option<Uuid>, String, Option<String>) {
    let (kind, id, name) = actor.describe();
    let Some(account) = &change.on_behalf_of else { return (kind, id, name, change.detail.clone()) };
    let detail = change.detail.as_ref().map_or_else(String::new, |detail| format!("{detail}, "));
    let kind = if account.is_service_account { "service_account" } else { "user" };
    (kind, Some(account.id), account.name.clone(), Some(format!("{detail}through the {name}")))
}

/// One row of the trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Position in the trail, from 1.
    pub sequence: i64,
    /// Time, in naive UTC.
    pub at: String,
    /// Kind of actor: `user`, `service_account`, `workspace_server`, `platform`, `anonymous`.
    pub actor_kind: String,
    /// Id of the actor, if it has one.
    pub actor_id: Option<Uuid>,
    /// Name of the actor at that time.
    pub actor_name: String,
    /// What was done.
    pub action: String,
    /// The kind of the object.
    pub kind: String,
    /// Id of the object.
    pub object_id: Option<Uuid>,
    /// Name of the object.
    pub object_name: Option<String>,
    /// Organization of the object.
    pub organization_id: Option<Uuid>,
    /// Workspace of the object.
    pub workspace_id: Option<Uuid>,
    /// Further details.
    pub detail: Option<String>,
    /// HTTP status of the response.
    pub status: i64,
    /// Why it was rejected.
    pub reason: Option<String>,
    /// Id of the request.
    pub request_id: Option<String>,
    /// Address of the caller.
    pub remote: Option<String>,
}

impl Entry {
    fn read(row: &Row) -> Result<Self, sqlx::Error> {
        let id = |column: &str| -> Result<Option<Uuid>, sqlx::Error> {
            Ok(row.try_get::<Option<&str>, _>(column)?.and_then(|text| Uuid::try_parse(text).ok()))
        };
        Ok(Self {
            sequence: row.try_get("sequence")?,
            at: row.try_get("at")?,
            actor_kind: row.try_get("actor_kind")?,
            actor_id: id("actor_id")?,
            actor_name: row.try_get("actor_name")?,
            action: row.try_get("action")?,
            kind: row.try_get("kind")?,
            object_id: id("object_id")?,
            object_name: row.try_get("object_name")?,
            organization_id: id("organization_id")?,
            workspace_id: id("workspace_id")?,
            detail: row.try_get("detail")?,
            status: row.try_get("status")?,
            reason: row.try_get("reason")?,
            request_id: row.try_get("request_id")?,
            remote: row.try_get("remote")?,
        })
    }
}

impl std::fmt::Display for Entry {
    /// One line for display. Free text comes last, so that it cannot imitate other fields.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (at, actor) = (printable::line(&self.at), Name(&self.actor_name));
        write!(f, "{at}  {}  {actor} {} {}", self.status, Name(&self.action), Name(&self.kind))?;
        match (&self.object_name, self.object_id) {
            (Some(name), _) => write!(f, " {}", Name(name))?,
            (None, Some(id)) => write!(f, " {id}")?,
            (None, None) => {}
        }
        if let Some(remote) = &self.remote {
            write!(f, "  from {}", Name(remote))?;
        }
        for text in [&self.detail, &self.reason].into_iter().flatten() {
            write!(f, ": {}", printable::line(text))?;
        }
        Ok(())
    }
}

/// Reads the entries since a timestamp, oldest first.
pub async fn read(sql: &mut Sql, since: Option<&str>) -> Result<Vec<Entry>, sqlx::Error> {
    sqlx::query("SELECT * FROM audit WHERE at >= $1 ORDER BY sequence")
        .bind(since.unwrap_or(""))
        .fetch_all(sql)
        .await?
        .iter()
        .map(Entry::read)
        .collect()
}
