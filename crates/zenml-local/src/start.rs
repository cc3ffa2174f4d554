//! Why a platform cannot start.

use std::net::SocketAddr;

use crate::crypto::VaultError;
use crate::error::Error;
use crate::store::StoreError;

/// Why a platform cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The master key cannot be used.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database exists but cannot be used.
    #[error("cannot use the platform's state")]
    State(#[source] Error),
    /// The platform cannot listen on the address.
    #[error("cannot listen on {address}: {}", listen_advice(source, *remembered))]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Whether the port came from the database.
        remembered: bool,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}

fn listen_advice(error: &std::io::Error, remembered: bool) -> String {
    match (error.kind(), remembered) {
        (std::io::ErrorKind::AddrInUse, true) => "the port is in use. This database used it before, so addresses \
         in Terraform state point to it. Stop the program that uses the port, or choose another one with --listen \
         ADDRESS:PORT"
            .to_owned(),
        (std::io::ErrorKind::AddrInUse, false) => {
            "the port is in use. Choose another one with --listen ADDRESS:PORT".to_owned()
        }
        _ => "check the address".to_owned(),
    }
}
