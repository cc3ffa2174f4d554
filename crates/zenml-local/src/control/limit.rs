//! Limits of a subscription: how many of something an organization can have.

use zenml_api::OrganizationId;

use crate::error::{Error, Result};
use crate::store::{Sql, now};

/// Limits of the subscription. Without a number, there is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Most people in an organization, including pending invitations. Service accounts do not count.
    pub members: Option<u32>,
    /// Most workspaces in an organization.
    pub workspaces: Option<u32>,
    /// Most projects in all workspaces of an organization.
    pub projects: Option<u32>,
}

/// People with a role in the organization, and pending invitations.
const MEMBERS: &str = "SELECT COUNT(*) FROM (SELECT s.principal_id AS id FROM assignment s CROSS JOIN account a \
    WHERE s.organization_id = $1 AND s.workspace_id = '' AND s.principal_kind = 'user' \
    AND a.id = s.principal_id AND a.is_service_account = 0 UNION \
    SELECT i.id FROM invitation i WHERE i.organization_id = $1 AND i.status = 'pending' AND i.expires > $2)";

const WORKSPACES: &str =
    "SELECT COUNT(*) FROM workspace WHERE organization_id = $1 AND status <> 'deleted' AND $2 <> ''";

/// Projects of embedded workspaces, and those that ZenML servers have reported.
const PROJECTS: &str = "SELECT (SELECT COUNT(*) FROM project p, workspace w \
    WHERE w.id = p.workspace_id AND w.organization_id = $1 AND $2 <> '') + \
    (SELECT COALESCE(SUM(e.total), 0) FROM usage_event e, workspace w \
    WHERE w.id = e.workspace_id AND w.organization_id = $1 AND e.feature = 'project')";

impl Limits {
    /// Rejects one more person.
    ///
    /// # Errors
    /// 402.
    pub(super) async fn allow_member(self, sql: &mut Sql, organization: OrganizationId) -> Result<()> {
        require(sql, organization, self.members, MEMBERS, "members, including pending invitations").await
    }

    /// Rejects one more workspace.
    ///
    /// # Errors
    /// 402.
    pub(super) async fn allow_workspace(self, sql: &mut Sql, organization: OrganizationId) -> Result<()> {
        require(sql, organization, self.workspaces, WORKSPACES, "workspaces").await
    }

    /// Rejects one more project.
    ///
    /// # Errors
    /// 402.
    pub(crate) async fn allow_project(self, sql: &mut Sql, organization: OrganizationId) -> Result<()> {
        require(sql, organization, self.projects, PROJECTS, "projects").await
    }
}

/// Rejects one more of something that a statement counts.
async fn require(
    sql: &mut Sql,
    organization: OrganizationId,
    most: Option<u32>,
    statement: &'static str,
    what: &str,
) -> Result<()> {
    let Some(most) = most else { return Ok(()) };
    let count: i64 =
        sqlx::query_scalar(statement).bind(organization.to_string()).bind(now()).fetch_one(sql).await?;
    if count < i64::from(most) {
        return Ok(());
    }
    Err(Error::with_status(
        http::StatusCode::PAYMENT_REQUIRED,
        "SubscriptionUpgradeRequiredError",
        format!("The subscription of this organization allows {most} {what}, and it has {count}."),
    ))
}
