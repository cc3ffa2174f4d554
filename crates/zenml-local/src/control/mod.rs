//! The control plane: one file per noun.

pub(crate) mod server;
pub(crate) mod workspace;

use crate::http::Routes;

/// Adds the routes of the control plane.
pub(crate) fn routes(routes: Routes) -> Routes {
    let all = [server::routes];
    all.into_iter().fold(routes, |routes, add| add(routes))
}
