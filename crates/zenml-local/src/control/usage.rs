//! Subscription limits and usage of metered features, for workspace servers.

use zenml_api::OrganizationId;
use zenml_api::control::entitlement::{self, Feature};
use zenml_api::control::usage_event::{self, UsageEvent};

use crate::error::{Error, Result};
use crate::http::{Cx, Routes};
use crate::store::now;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.internal(&entitlement::CHECK, check).internal(&usage_event::REPORT, report)
}

async fn check(cx: Cx, (organization, feature): (OrganizationId, Feature), (): (), (): ()) -> Result<()> {
    let workspace = cx.workspace_server()?;
    let limits = cx.shared().limits;
    cx.read(async |tx| {
        let own = sqlx::query("SELECT 1 FROM workspace WHERE id = $1 AND organization_id = $2")
            .bind(workspace.to_string())
            .bind(organization.to_string())
            .fetch_optional(tx.sql())
            .await?;
        own.ok_or_else(|| Error::forbidden("The workspace belongs to another organization."))?;
        match feature {
            Feature::Project => limits.allow_project(tx.sql(), organization).await,
            _ => Ok(()),
        }
    })
    .await
}

/// Counts an event once per object, so that a repeated report changes nothing.
async fn report(cx: Cx, (): (), (): (), event: UsageEvent) -> Result<()> {
    let workspace = cx.workspace_server()?;
    let object = event.metadata.and_then(|metadata| metadata.resource_id).unwrap_or_default();
    cx.tx(async |tx| {
        sqlx::query(
            "INSERT INTO usage_event (workspace_id, feature, resource_id, total, created) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT DO NOTHING",
        )
        .bind(workspace.to_string())
        .bind(event.feature.as_str())
        .bind(object.to_string())
        .bind(event.total)
        .bind(now())
        .execute(tx.sql())
        .await?;
        Ok(())
    })
    .await
}
