//! The embedded engine: a workspace is rows in the platform's database, served by the platform itself.

use super::{Endpoint, State, Work, WorkspaceEngine, WorkspaceSpec};
use crate::error::Result;
use crate::http::Cx;
use crate::rbac::WorkspacePlace;
use crate::workspace::deployment;

/// Makes workspaces that the platform serves at `{base}/w/{id}`.
///
/// Whether one is switched off is written in its row on the control plane, and the router looks there: rows need
/// neither be stopped nor upgraded.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Embedded;

impl WorkspaceEngine for Embedded {
    fn deploy<'a>(&'a self, cx: &'a Cx, workspace: &'a WorkspaceSpec) -> Work<'a, Endpoint> {
        Box::pin(async move {
            deployment::populate(cx, workspace.place).await?;
            Ok(self.endpoint(workspace))
        })
    }

    fn endpoint(&self, workspace: &WorkspaceSpec) -> Endpoint {
        Endpoint {
            server_url: format!("{}/w/{}", workspace.base_url, workspace.place.workspace),
            version: super::DEFAULT_VERSION.to_owned(),
        }
    }

    fn state<'a>(&'a self, cx: &'a Cx, workspace: &'a WorkspaceSpec) -> Work<'a, State> {
        Box::pin(async move {
            Ok(if exists(cx, workspace.place).await? { State::Running } else { State::Absent })
        })
    }

    fn upgrade<'a>(&'a self, _: &'a Cx, workspace: &'a WorkspaceSpec) -> Work<'a, Endpoint> {
        Box::pin(async { Ok(self.endpoint(workspace)) })
    }

    fn deactivate<'a>(&'a self, _: &'a Cx, _: &'a WorkspaceSpec) -> Work<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn delete<'a>(&'a self, cx: &'a Cx, workspace: &'a WorkspaceSpec) -> Work<'a, ()> {
        Box::pin(async move { Ok(deployment::erase(cx, workspace.place).await?) })
    }

    fn adopt<'a>(&'a self, cx: &'a Cx, workspace: &'a WorkspaceSpec) -> Work<'a, Option<Endpoint>> {
        Box::pin(async move { Ok(exists(cx, workspace.place).await?.then(|| self.endpoint(workspace))) })
    }
}

async fn exists(cx: &Cx, place: WorkspacePlace) -> Result<bool> {
    cx.read(async |tx| deployment::exists(tx.sql(), place).await).await
}
