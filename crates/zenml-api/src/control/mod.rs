//! The control plane of ZenML Pro: one module per noun.
//!
//! Facts: ids are UUIDs, every success is 200, lists are bare arrays, relations are query parameters. Where the
//! reference is unsure a member is optional, and unknown members are ignored.

pub mod auth;
pub mod device;
pub mod entitlement;
pub mod invitation;
pub mod member;
pub mod organization;
pub mod rbac;
pub mod role;
pub mod server;
pub mod service_account;
pub mod team;
pub mod usage_event;
pub mod user;
pub mod workspace;
pub mod workspace_status;

use crate::Route;

/// An endpoint in [`ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `team::CREATE`.
    pub name: &'static str,
    /// Method and path.
    pub route: Route,
    /// Number of parameters that the endpoint's type has.
    pub parameters: usize,
}

impl Entry {
    /// An entry whose number of parameters is that of its template.
    pub(crate) const fn of(name: &'static str, route: Route) -> Self {
        let template = route.template.as_bytes();
        let (mut parameters, mut index) = (0, 0);
        while index < template.len() {
            if template[index] == b'{' {
                parameters += 1;
            }
            index += 1;
        }
        Self { name, route, parameters }
    }
}

pub(crate) const fn parameters<P: crate::PathParams, Q, B, A>(_: &crate::Endpoint<P, Q, B, A>) -> usize {
    P::COUNT
}

macro_rules! table {
    ($($module:ident: $($endpoint:ident)+;)+) => {
        /// All endpoints of the control plane, for identity tables and checks.
        pub const ALL: &[Entry] = &[$($(Entry {
            name: concat!(stringify!($module), "::", stringify!($endpoint)),
            route: $module::$endpoint.route(),
            parameters: parameters(&$module::$endpoint),
        },)+)+];
    };
}

table! {
    auth: LOGIN API_TOKEN DEVICE_AUTHORIZATION LOGOUT;
    device: LIST GET UPDATE DELETE VERIFY;
    entitlement: CHECK;
    invitation: LIST CREATE DELETE MINE GET ANSWER;
    member: LIST REMOVE LIST_OF_WORKSPACE LIST_OF_PROJECT;
    organization: LIST CREATE GET UPDATE DELETE WORKSPACES NAME_IS_FREE;
    rbac: CHECK_PERMISSIONS CHECK_PERMISSIONS_OLD ALLOWED_RESOURCE_IDS USER_TEAM_IDS RESOURCE_MEMBERS SHARE FORGET;
    role: LIST CREATE GET UPDATE DELETE ASSIGNMENTS ASSIGN REVOKE PERMISSIONS;
    server: HEALTH INFO;
    service_account: LIST CREATE GET UPDATE DELETE API_KEYS CREATE_API_KEY API_KEY UPDATE_API_KEY ROTATE_API_KEY
        DELETE_API_KEY;
    team: LIST CREATE GET UPDATE DELETE MEMBERS ADD_MEMBER REMOVE_MEMBER;
    usage_event: REPORT;
    user: LIST CREATE GET UPDATE DELETE ME UPDATE_ME MY_API_KEYS CREATE_MY_API_KEY DELETE_MY_API_KEY
        AUTHORIZE_SERVER;
    workspace: LIST CREATE GET UPDATE DELETE DEPLOY DEACTIVATE;
    workspace_status: REPORT;
}
