//! The request of an apply.

use crate::value::Dyn;

/// A request to apply a planned change.
#[derive(Clone, Debug)]
pub struct ApplyRequest {
    /// Full type name.
    pub type_name: String,
    /// The prior state; null for a creation.
    pub prior: Dyn,
    /// The plan; null for a deletion.
    pub planned: Dyn,
    /// The configuration, completely known; null for a deletion.
    pub config: Dyn,
    /// Private bytes of the plan.
    pub private: Vec<u8>,
    /// Planned identity.
    pub identity: Dyn,
}
