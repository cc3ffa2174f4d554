//! Limits of a subscription: how many of something an organization can have.

use zenml_api::OrganizationId;

use crate::error::{Error, Result};
use crate::store::{Sql, now};

/// Limits of the subscription. Without a number, there is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Most people in an organization, including pending invitations. Service accounts do not count.
    pub members: Option<u32>,
}

impl Limits {
    /// Rejects one more person.
    ///
    /// # Errors
    /// 402.
    pub(super) async fn allow_member(self, sql: &mut Sql, organization: OrganizationId) -> Result<()> {
        let Some(most) = self.members else { return Ok(()) };
        let count: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM (SELECT s.principal_id AS id FROM assignment s CROSS JOIN account a \
             WHERE s.organization_id = $1 AND s.workspace_id = '' AND s.principal_kind = 'user' \
             AND a.id = s.principal_id AND a.is_service_account = 0 UNION \
             SELECT i.id FROM invitation i WHERE i.organization_id = $1 AND i.status = 'pending' AND i.expires > $2)",
        )
        .bind(organization.to_string())
        .bind(now())
        .fetch_one(sql)
        .await?;
        if count < i64::from(most) {
            return Ok(());
        }
        Err(Error::with_status(
            http::StatusCode::PAYMENT_REQUIRED,
            "SubscriptionUpgradeRequiredError",
            format!(
                "The subscription of this organization allows {most} members, and it has {count}, including pending \
                 invitations."
            ),
        ))
    }
}
