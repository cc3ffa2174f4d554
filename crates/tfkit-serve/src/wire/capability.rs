//! Optional capabilities of the protocol that this framework supports. Every response reports the same.

use super::generated::provider::ServerCapabilities;

/// Deletions are planned, no call depends on an earlier one for the schema, objects can be moved between types, and
/// configurations are generated.
pub(super) const SERVER: ServerCapabilities = ServerCapabilities {
    plan_destroy: true,
    get_provider_schema_optional: true,
    move_resource_state: true,
    generate_resource_config: true,
};
