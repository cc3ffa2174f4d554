//! Workspaces.

use crate::error::Result;
use crate::http::Cx;

/// Takes up what an earlier run of the platform left unfinished.
pub(crate) async fn resume(_: &Cx) -> Result<()> {
    Ok(())
}
