//! Limits of a subscription.

use crate::{Endpoint, OrganizationId, text_enum};

/// Checks whether one more of a feature is allowed: 200 yes, 402 no. Workspace servers only.
pub const CHECK: Endpoint<(OrganizationId, Feature), (), (), ()> =
    Endpoint::get("/organizations/{organization_id}/entitlement/{feature}");

text_enum! {
    /// Features that a subscription limits.
    Feature {
        /// Projects.
        Project = "project",
        /// Pipelines.
        Pipeline = "pipeline",
        /// Runs of pipelines.
        PipelineRun = "pipeline_run",
        /// Models.
        Model = "model",
        /// Runs of templates.
        TemplateRun = "template_run",
        /// Schedules.
        Schedule = "schedule",
        /// Resource pools.
        ResourcePool = "resource_pool",
    }
}
