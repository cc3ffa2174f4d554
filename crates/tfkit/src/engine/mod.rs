//! One function per remote call of the plugin protocol, in the framework's own types.
//!
//! `tfkit-serve` decodes a request, calls one of these and encodes the answer; the in-process test harness calls
//! them directly. None of them panics, and none of them fails as a call: whatever goes wrong is a [`Diag`].

use crate::{Diag, Dyn, Path};

/// A request to configure the provider.
#[derive(Debug)]
pub struct ConfigureRequest {
    /// Version text of the host.
    pub host_version: String,
    /// The provider block; values may be unknown while planning.
    pub config: Dyn,
}

/// A request to check the configuration of a resource.
#[derive(Debug)]
pub struct ValidateRequest {
    /// Full type name, with the provider's prefix.
    pub type_name: String,
    /// The configuration; values may be unknown.
    pub config: Dyn,
    /// The host understands write-only attributes.
    pub write_only_allowed: bool,
}

/// State as the host stored it.
#[derive(Debug)]
pub struct UpgradeRequest {
    /// Full type name.
    pub type_name: String,
    /// Version of the schema that wrote it.
    pub version: i64,
    /// The stored attributes, as JSON text.
    pub json: Vec<u8>,
}

/// A request to read a resource again.
#[derive(Debug)]
pub struct ReadRequest {
    /// Full type name.
    pub type_name: String,
    /// What the state holds.
    pub state: Dyn,
    /// Private bytes that belong to the state.
    pub private: Vec<u8>,
    /// Identity that the state holds; null when it has none yet.
    pub identity: Dyn,
}

/// What a read, an apply or an import leaves behind.
#[derive(Debug)]
pub struct Stored {
    /// The new state; null when the object is gone.
    pub state: Dyn,
    /// The new private bytes.
    pub private: Vec<u8>,
    /// The new identity; null where the type has none or the object is gone.
    pub identity: Dyn,
    /// What the user is told.
    pub diags: Vec<Diag>,
}

/// A request to plan a change: `prior` is null for a creation, `proposed` and `config` are null for a deletion.
#[derive(Debug)]
pub struct PlanRequest {
    /// Full type name.
    pub type_name: String,
    /// What the state holds.
    pub prior: Dyn,
    /// The host's merge of state and configuration.
    pub proposed: Dyn,
    /// The configuration.
    pub config: Dyn,
    /// Private bytes that belong to the state.
    pub private: Vec<u8>,
    /// Identity that the state holds.
    pub identity: Dyn,
}

/// A planned change.
#[derive(Debug)]
pub struct PlanResponse {
    /// What the object will be.
    pub planned: Dyn,
    /// Attributes whose change replaces the object.
    pub requires_replace: Vec<Path>,
    /// Private bytes for the apply.
    pub private: Vec<u8>,
    /// Planned identity.
    pub identity: Dyn,
    /// What the user is told.
    pub diags: Vec<Diag>,
}

/// A request to carry out a planned change.
#[derive(Debug)]
pub struct ApplyRequest {
    /// Full type name.
    pub type_name: String,
    /// What the state holds; null for a creation.
    pub prior: Dyn,
    /// The plan; null for a deletion.
    pub planned: Dyn,
    /// The configuration, wholly known; null for a deletion.
    pub config: Dyn,
    /// Private bytes of the plan.
    pub private: Vec<u8>,
    /// Planned identity.
    pub identity: Dyn,
}

/// A request to import an object.
#[derive(Debug)]
pub struct ImportRequest {
    /// Full type name.
    pub type_name: String,
    /// What the user wrote.
    pub by: ImportBy,
}

/// How an import names its object.
#[derive(Debug)]
pub enum ImportBy {
    /// By a string.
    Id(String),
    /// By a resource identity.
    Identity(Dyn),
}

/// Identity of a resource type: plain attributes that name one object.
#[derive(Clone, Debug)]
pub struct IdentitySchema {
    /// Version of the identity's shape.
    pub version: i64,
    /// Its attributes.
    pub attributes: Vec<IdentityAttribute>,
}

/// One attribute of an identity.
#[derive(Clone, Debug)]
pub struct IdentityAttribute {
    /// Its name.
    pub name: &'static str,
    /// Its type; maps, sets and objects are not allowed by the host.
    pub ty: crate::Type,
    /// What it means.
    pub description: String,
    /// An import must give it; otherwise an import may give it.
    pub required: bool,
}
