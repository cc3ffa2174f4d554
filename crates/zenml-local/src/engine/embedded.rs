//! The embedded engine: a workspace is rows in the platform's database, served by the platform itself.

use super::{Endpoint, State, Work, WorkspaceEngine, WorkspaceSpec};
use crate::http::Cx;

/// Makes workspaces that the platform serves at `{base}/w/{id}`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Embedded;

impl WorkspaceEngine for Embedded {
    fn deploy<'a>(&'a self, _: &'a Cx, workspace: &'a WorkspaceSpec) -> Work<'a, Endpoint> {
        Box::pin(async { Ok(self.endpoint(workspace)) })
    }

    fn endpoint(&self, workspace: &WorkspaceSpec) -> Endpoint {
        Endpoint {
            server_url: format!("{}/w/{}", workspace.base_url, workspace.place.workspace),
            version: super::DEFAULT_VERSION.to_owned(),
        }
    }

    fn state<'a>(&'a self, _: &'a Cx, _: &'a WorkspaceSpec) -> Work<'a, State> {
        Box::pin(async { Ok(State::Running) })
    }

    fn upgrade<'a>(&'a self, _: &'a Cx, workspace: &'a WorkspaceSpec) -> Work<'a, Endpoint> {
        Box::pin(async { Ok(self.endpoint(workspace)) })
    }

    fn deactivate<'a>(&'a self, _: &'a Cx, _: &'a WorkspaceSpec) -> Work<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn delete<'a>(&'a self, _: &'a Cx, _: &'a WorkspaceSpec) -> Work<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn adopt<'a>(&'a self, _: &'a Cx, workspace: &'a WorkspaceSpec) -> Work<'a, Option<Endpoint>> {
        Box::pin(async { Ok(Some(self.endpoint(workspace))) })
    }
}
