//! The API of embedded workspaces: one file per noun.

use crate::http::Routes;

/// Adds the routes of a workspace.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes
}
