//! The provider's own account.

use std::sync::Arc;

use tfkit::Diag;
use tokio::sync::OnceCell;
use zenml_api::control::user::{self, User};

use crate::client::Client;
use crate::failure::{Needs, cannot};

/// The account, after it was read.
#[derive(Debug, Default)]
struct Me(OnceCell<Arc<User>>);

/// Returns the account of the control plane key.
pub async fn me(client: &Client) -> Result<Arc<User>, Diag> {
    let control_plane = client.control_plane()?;
    let ask = async || control_plane.call(&user::ME, ()).await.map(Arc::new);
    let memory = client.memory::<Me>();
    let me = memory.0.get_or_try_init(ask).await;
    me.map(Arc::clone)
        .map_err(|error| cannot("read the account of the key", Needs::ORGANIZATION_VIEWER, &error))
}
