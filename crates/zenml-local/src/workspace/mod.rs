//! The API of embedded workspaces: one file per noun.

mod account;
mod connector;
mod flavor;
mod info;
mod list;
mod login;
mod name;
mod noun;
mod project;
mod python;
mod refusal;

use crate::http::Routes;

/// Adds the routes of a workspace.
pub(crate) fn routes(routes: Routes) -> Routes {
    let all = [login::routes, info::routes, account::routes, project::routes];
    all.into_iter().fold(routes, |routes, add| add(routes))
}
