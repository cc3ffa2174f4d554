//! One function per RPC of the plugin protocol, in the framework's own types.
//!
//! `tfkit-serve` decodes a request, calls one of these functions and encodes the response. The in-process test
//! harness calls them directly. They never panic and never return an error: every problem is a [`Diag`](crate::Diag).
//! Each RPC has a file with its request and its method of [`Engine`].

mod apply;
mod call_function;
mod close_ephemeral_resource;
mod configure;
mod core;
mod export;
mod generate;
mod import;
mod invoke_action;
mod list;
mod move_resource;
mod open_ephemeral_resource;
mod outcome;
mod plan;
mod plan_action;
mod problems;
mod provider;
mod read;
mod read_data_source;
mod registry;
mod renew_ephemeral_resource;
mod sensitive;
mod task;
mod upgrade;
mod upgrade_identity;
mod validate;

pub use self::core::{Diags, Engine};
pub use crate::cx::caller::attended;
pub use crate::cx::module::with_provider_meta;
pub use crate::erased::ImportBy;
pub use crate::schema::{IdentityAttribute, IdentitySchema};
pub use apply::ApplyRequest;
pub use call_function::{CallRequest, FunctionError};
pub use close_ephemeral_resource::CloseRequest;
pub use configure::ConfigureRequest;
pub use export::Item;
pub use generate::GenerateRequest;
pub use import::ImportRequest;
pub use list::{List, ListEvent, ListRequest};
pub use move_resource::MoveRequest;
pub use open_ephemeral_resource::{OpenRequest, OpenResponse};
pub use outcome::Stored;
pub use plan::{PlanRequest, PlanResponse};
pub use plan_action::ActionRequest;
pub use read::ReadRequest;
pub use read_data_source::DataSourceRequest;
pub use renew_ephemeral_resource::{RenewRequest, RenewResponse};
pub use upgrade::UpgradeRequest;
pub use upgrade_identity::UpgradeIdentityRequest;
pub use validate::ValidateRequest;
