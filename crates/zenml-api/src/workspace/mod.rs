//! The API of a workspace, below `{server}/api/v1`, as a ZenML 0.98 server offers it.
//!
//! What a declarative client has to know and the types cannot say:
//! - every success is 200; lists hide what the caller may not read, nested objects become stubs ([`Object`]);
//! - unknown members of a body and unknown filters are ignored without notice;
//! - `PUT` is partial, except where a type here always sends a member: its documentation says why;
//! - a `POST` should carry an `Idempotency-Key`; the transport adds it.

pub mod component;
pub mod connector;
pub mod current_user;
pub mod flavor;
pub mod info;
pub mod login;
pub mod membership;
pub mod object;
pub mod page;
pub mod project;
pub mod secret;
pub mod stack;
pub mod user;

use std::collections::BTreeMap;

use crate::Route;

pub use object::{Object, Owned};
pub use page::{LogicalOperator, Page, Paging};

/// Path of the API below a server's address.
pub const BASE: &str = "/api/v1";

/// A free map of JSON values: labels, project metadata, the configuration of a component or a connector.
pub type JsonMap = BTreeMap<String, serde_json::Value>;

/// Environment variables.
pub type Environment = BTreeMap<String, String>;

/// Every endpoint of a workspace that this crate knows.
pub const ENDPOINTS: &[Route] = &[
    login::LOGIN.route(),
    info::INFO.route(),
    info::VERSION.route(),
    current_user::GET.route(),
    user::LIST.route(),
    user::GET.route(),
    membership::SHARE.route(),
    project::CREATE.route(),
    project::LIST.route(),
    project::GET.route(),
    project::UPDATE.route(),
    project::DELETE.route(),
    project::STATISTICS.route(),
    stack::CREATE.route(),
    stack::LIST.route(),
    stack::GET.route(),
    stack::UPDATE.route(),
    stack::DELETE.route(),
    component::TYPES.route(),
    component::CREATE.route(),
    component::LIST.route(),
    component::GET.route(),
    component::UPDATE.route(),
    component::DELETE.route(),
    connector::CREATE.route(),
    connector::LIST.route(),
    connector::GET.route(),
    connector::UPDATE.route(),
    connector::DELETE.route(),
    connector::VERIFY_NEW.route(),
    connector::VERIFY.route(),
    connector::CLIENT.route(),
    secret::CREATE.route(),
    secret::LIST.route(),
    secret::GET.route(),
    secret::UPDATE.route(),
    secret::DELETE.route(),
    flavor::LIST.route(),
    flavor::GET.route(),
];
