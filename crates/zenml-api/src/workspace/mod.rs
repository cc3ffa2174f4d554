//! The API of a workspace, under `{server}/api/v1`, as of ZenML 0.98.
//!
//! What a declarative client must know and the types cannot express:
//! - every success is 200; lists omit objects that the caller cannot read, nested ones become stubs ([`Object`]);
//! - unknown members of a body and unknown filters are silently ignored;
//! - `PUT` is partial, except where a type here always sends a member: its documentation explains why;
//! - a `POST` should carry an `Idempotency-Key`; the transport adds it.

pub mod code_repository;
pub mod component;
pub mod connector;
pub mod connector_type;
pub mod crud;
pub mod current_user;
pub mod execution;
pub mod flavor;
pub mod info;
pub mod login;
pub mod membership;
pub mod object;
pub mod page;
pub mod project;
pub mod secret;
pub mod service_account;
pub mod stack;
pub mod tag;
pub mod user;

use std::collections::BTreeMap;

use crate::control::{Entry, parameters};

pub use crud::{Crud, Named};
pub use object::{Look, Object, Owned};
pub use page::{ListQuery, LogicalOperator, Page, Paging};

/// Path of the API under a server's URL.
pub const BASE: &str = "/api/v1";

/// An arbitrary map of JSON values: labels, project metadata, the configuration of a component or a connector.
pub type JsonMap = BTreeMap<String, serde_json::Value>;

/// Environment variables.
pub type Environment = BTreeMap<String, String>;

macro_rules! table {
    (all of $(($($more:ident)+))+; $($module:ident: $($endpoint:ident)+;)+) => {
        /// The endpoints of what every workspace has.
        const OWN: &[Entry] = &[$($(Entry {
            name: concat!(stringify!($module), "::", stringify!($endpoint)),
            route: $module::$endpoint.route(),
            parameters: parameters(&$module::$endpoint),
        },)+)+];

        const GROUPS: &[&[Entry]] = &[OWN, $($($more)::+),+];

        /// All endpoints of a workspace, for identity tables and checks.
        pub const ALL: &[Entry] = &joined::<{ count(GROUPS) }>(GROUPS);
    };
}

table! {
    all of (execution NOUNS) (execution part PARTS_OF_ONE) (execution part PARTS_OF_TWO) (execution part SINGLE);
    login: LOGIN LOGOUT API_TOKEN DEVICE_AUTHORIZATION;
    info: INFO VERSION STATISTICS LOAD ONBOARDING SUPPORTED_EVENTS;
    current_user: GET;
    user: LIST GET UPDATE;
    service_account: CREATE LIST GET UPDATE DELETE API_KEYS CREATE_API_KEY API_KEY UPDATE_API_KEY
        DELETE_API_KEY ROTATE_API_KEY;
    membership: SHARE;
    project: CREATE LIST GET UPDATE DELETE STATISTICS;
    stack: CREATE LIST GET UPDATE DELETE;
    component: TYPES CREATE LIST GET UPDATE DELETE;
    connector: CREATE LIST RESOURCES GET UPDATE DELETE VERIFY_NEW VERIFY CLIENT;
    connector_type: LIST GET;
    secret: CREATE LIST GET UPDATE DELETE BACKUP RESTORE;
    flavor: CREATE LIST GET UPDATE DELETE SYNC;
    tag: CREATE LIST GET UPDATE DELETE;
    code_repository: CREATE LIST GET UPDATE DELETE;
}

const fn count(groups: &[&[Entry]]) -> usize {
    let (mut all, mut group) = (0, 0);
    while group < groups.len() {
        all += groups[group].len();
        group += 1;
    }
    all
}

const fn joined<const ALL: usize>(groups: &[&[Entry]]) -> [Entry; ALL] {
    let mut all = [groups[0][0]; ALL];
    let (mut next, mut group) = (0, 0);
    while group < groups.len() {
        let mut index = 0;
        while index < groups[group].len() {
            all[next] = groups[group][index];
            (next, index) = (next + 1, index + 1);
        }
        group += 1;
    }
    all
}
