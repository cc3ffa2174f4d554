//! Use of metered features, reported by workspace servers.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::entitlement::Feature;
use crate::{Endpoint, OrganizationId, WorkspaceId};

/// Reports that one more or one less of a feature is in use. Workspace servers only.
pub const REPORT: Endpoint<(), (), UsageEvent, ()> = Endpoint::post("/usage-event");

/// An update of use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UsageEvent {
    /// Organization with the subscription.
    pub organization_id: OrganizationId,
    /// Feature.
    pub feature: Feature,
    /// +1 or -1.
    pub total: i64,
    /// Where and what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<UsageMetadata>,
}

/// What a change of use was about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct UsageMetadata {
    /// Workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<WorkspaceId>,
    /// The object that was created or deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<Uuid>,
}
