//! Client of both ZenML APIs: the control plane of ZenML Pro, its workspaces, and plain servers.
//!
//! ```text
//! Client ── control_plane() ─► Api ── call(&team::GET, id)
//!        ├─ workspace(id)   ─► Api    send(&team::CREATE, (), (), new)
//!        └─ server()        ─► Api    list_all(&team::LIST, organization, TeamQuery::default())
//! ```
//!
//! [`Client`] locates the APIs, and [`Api`] is one of them. Below it, `session` exchanges the credential for tokens,
//! `wire` retries requests, and a [`Transport`] sends the bytes; no module uses one above it. Futures are
//! cancel-safe: nothing stays locked.

mod answer;
mod api;
mod client;
mod error;
mod list;
mod memory;
mod origin;
mod plane;
mod session;
mod settings;
mod token;
pub mod transport;
mod wire;

pub use api::Api;
pub use client::{Client, Identity};
pub use error::{ApiError, Call, Misplaced, NotReady, Optional, Refused};
pub use list::{Listing, Pages};
pub use origin::{Origin, Origins};
pub use plane::Plane;
pub use printable::mask::Secrets;
pub use session::AccessToken;
pub use settings::{Address, Credential, HttpSettings, RetryPolicy, Settings, SettingsError, check_url};
pub use transport::Transport;
