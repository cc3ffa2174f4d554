//! Checks the credentials of the provider block.

use tfkit::Diag;
use tokio::sync::OnceCell;
use zenml_api::workspace::current_user;
use zenml_client::{Api, ApiError};

use super::organization;
use crate::client::Client;
use crate::failure::{Needs, cannot};
use crate::resolve::Plane;
use crate::source::mark;

/// Oldest server version that is supported without `skip_version_check`.
const OLDEST_SERVER: (u64, u64) = (0, 80);

/// Checks the credentials of the provider block with one authenticated request for each API. An API that only the
/// environment configures is not checked until something requires it.
pub async fn check(client: &Client) -> Result<(), Diag> {
    let is_wanted = |plane: Option<&Plane>| plane.is_some_and(|plane| plane.is_wanted);
    let planes = client.planes();
    let control_plane = async {
        if is_wanted(planes.control_plane.as_ref()) { check_control_plane(client).await } else { Ok(()) }
    };
    let server = async {
        match client.api().server() {
            Ok(server) if is_wanted(planes.server.as_ref()) => check_server(client, server).await,
            _ => Ok(()),
        }
    };
    tokio::try_join!(control_plane, server).map(|_| ())
}

/// Whether a control plane that only the environment configures works, after it was tried.
#[derive(Debug, Default)]
struct Works(OnceCell<bool>);

/// Returns whether a control plane is available, for callers that can do without one. A control plane that only the
/// environment configures is tried once.
pub(crate) async fn has_control_plane(client: &Client) -> bool {
    match &client.planes().control_plane {
        None => false,
        Some(plane) if plane.is_wanted => true,
        Some(_) => {
            // Boxed because this is rare, and would enlarge the future of every caller.
            let works = async || Box::pin(check_control_plane(client)).await.is_ok();
            *client.memory::<Works>().0.get_or_init(works).await
        }
    }
}

async fn check_control_plane(client: &Client) -> Result<(), Diag> {
    match client.organization() {
        Some(_) => organization::default(client).await.map(|_| ()),
        None => organization::visible(client).await.map(|_| ()),
    }
}

/// Checks a key by logging in, and a token by a request. The server's description of itself is cached.
async fn check_server(client: &Client, server: &Api) -> Result<(), Diag> {
    let plane = client.planes().server.as_ref();
    let at = |error: ApiError| {
        let source = plane.map(|plane| match (&error, error.call()) {
            // The login with a session begins at the control plane.
            (_, Some(call)) if call.plane == zenml_client::Plane::ControlPlane => &plane.credential,
            (ApiError::Unauthorized(_) | ApiError::NoToken { .. }, _) => &plane.credential,
            _ => &plane.address,
        });
        mark(source, cannot("use the server", Needs::WORKSPACE_VIEWER, &error))
    };
    if server.has_given_session() {
        server.call(&current_user::GET, ()).await.map_err(at)?;
    } else {
        server.log_in().await.map_err(at)?;
    }
    if client.skips_version_check() {
        return Ok(());
    }
    let version = &client.api().server_identity().await.map_err(at)?.version;
    if is_too_old(version) {
        let (major, minor) = OLDEST_SERVER;
        let diag = Diag::error(format!("The server has version {version}, which is too old"))
            .why(format!("This provider supports version {major}.{minor}.0 and later."))
            .fix(
                "Upgrade the server. To use it anyway, set skip_version_check = true in the provider block.",
            );
        return Err(mark(plane.map(|plane| &plane.address), diag));
    }
    Ok(())
}

/// Returns whether a version is certainly too old. Text that is not a version, such as a development build, is not.
fn is_too_old(version: &str) -> bool {
    let mut parts = version.split(['.', '-', '+']).map(str::parse::<u64>);
    match (parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) < OLDEST_SERVER,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_version_that_is_certainly_too_old_is_rejected() {
        let cases = [
            ("0.79.9", true),
            ("0.80.0", false),
            ("0.98.0", false),
            ("1.0.0", false),
            ("0.98.0.dev1", false),
            ("0.98.0rc1", false),
            ("0.79.0rc1", true),
            ("nightly-2026.11.24", false),
            ("0.70.0-rc1", true),
            ("development", false),
            ("", false),
        ];
        for (version, expected) in cases {
            assert_eq!(is_too_old(version), expected, "{version:?}");
        }
    }
}
