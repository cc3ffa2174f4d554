//! The API of embedded workspaces: one file per noun.
//!
//! It answers as a ZenML 0.98 server in Pro mode does, its traps included, so that what works here works there.
//! What differs: connectors cannot be verified, pipelines cannot run, and only the flavors in `data/flavors.json`
//! that have a configuration are checked.

mod account;
mod cells;
mod code_repository;
mod component;
mod connector;
mod deployment;
mod embedded;
mod flavor;
mod info;
mod list;
mod login;
mod membership;
mod name;
mod noun;
mod project;
mod python;
mod sealed;
mod secret;
mod stack;
mod tag;

pub(crate) use embedded::Embedded;

use crate::http::Routes;

/// Adds the routes of a workspace.
pub(crate) fn routes(routes: Routes) -> Routes {
    let all = [
        login::routes,
        info::routes,
        account::routes,
        membership::routes,
        project::routes,
        stack::routes,
        component::routes,
        connector::routes,
        secret::routes,
        flavor::routes,
        tag::routes,
        code_repository::routes,
    ];
    all.into_iter().fold(routes, |routes, add| add(routes))
}
