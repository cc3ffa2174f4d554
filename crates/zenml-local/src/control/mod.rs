//! The control plane: one file per noun.

pub(crate) mod api_key;
pub(crate) mod assignment;
pub(crate) mod auth;
mod check;
pub(crate) mod device;
mod escalation;
pub(crate) mod invitation;
mod last_admin;
pub(crate) mod limit;
pub(crate) mod member;
pub(crate) mod organization;
pub(crate) mod rbac;
pub(crate) mod role;
mod role_permission;
mod scope;
pub(crate) mod server;
pub(crate) mod service_account;
pub(crate) mod team;
pub(crate) mod usage;
pub(crate) mod user;
pub(crate) mod workspace;

use crate::http::Routes;

/// Adds the routes of the control plane.
pub(crate) fn routes(routes: Routes) -> Routes {
    let all = [
        auth::routes,
        device::routes,
        user::routes,
        organization::routes,
        member::routes,
        invitation::routes,
        service_account::routes,
        api_key::routes,
        team::routes,
        role::routes,
        assignment::routes,
        rbac::routes,
        usage::routes,
        workspace::routes,
        server::routes,
    ];
    all.into_iter().fold(routes, |routes, add| add(routes))
}
