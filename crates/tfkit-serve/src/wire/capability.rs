//! What this framework can do beyond the basics of the protocol; every answer that says so says the same.

use super::generated::provider::ServerCapabilities;

/// Deletions are planned too, and no call relies on an earlier one for the schema. Moves between types and
/// generated configuration wait for a provider that needs them.
pub(super) const SERVER: ServerCapabilities = ServerCapabilities {
    plan_destroy: true,
    get_provider_schema_optional: true,
    move_resource_state: false,
    generate_resource_config: false,
};
