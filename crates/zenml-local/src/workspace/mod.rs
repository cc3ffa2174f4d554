//! The API of embedded workspaces: one file per noun.
//!
//! It behaves like a ZenML 0.98 server in Pro mode, including its pitfalls, so that what works here works there. The
//! differences: connectors to clouds cannot be verified, pipelines cannot run, and only the flavors with a configuration in
//! `data/flavors.json` are validated.

mod account;
mod cells;
mod code_repository;
mod component;
mod connector;
mod deployment;
mod embedded;
mod execution;
mod flavor;
mod info;
mod linked_secrets;
mod list;
mod login;
mod membership;
mod name;
mod noun;
mod project;
mod python;
mod refused;
mod sealed;
mod secret;
mod service_account;
mod stack;
mod tag;

pub(crate) use embedded::Embedded;
pub use refused::REFUSED;

use crate::http::Routes;

/// Adds the routes of a workspace.
pub(crate) fn routes(routes: Routes) -> Routes {
    let all = [
        login::routes,
        info::routes,
        account::routes,
        service_account::routes,
        membership::routes,
        project::routes,
        stack::routes,
        component::routes,
        connector::routes,
        secret::routes,
        flavor::routes,
        tag::routes,
        code_repository::routes,
        execution::routes,
    ];
    all.into_iter().fold(routes, |routes, add| add(routes)).refuse(REFUSED)
}
