//! Optional capabilities of the protocol that this framework supports. Every response reports the same.

use super::generated::provider::ServerCapabilities;

/// Deletions are planned, and no call depends on an earlier one for the schema. Moves between types
/// are not supported yet.
pub(super) const SERVER: ServerCapabilities = ServerCapabilities {
    plan_destroy: true,
    get_provider_schema_optional: true,
    move_resource_state: false,
    generate_resource_config: true,
};
