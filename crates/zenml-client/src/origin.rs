//! Where a person set an address and a credential, so that an error can name the right place.

/// Where a person set the address of an API and the credential for it, in words that complete "Check …", such as
/// `server_url in the provider block`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Where the address was set.
    pub address: String,
    /// Where the credential was set.
    pub credential: String,
}

impl Default for Origin {
    fn default() -> Self {
        Self { address: "the address".to_owned(), credential: "the credential".to_owned() }
    }
}

/// The origins of both APIs that a client can be told of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    /// Of the control plane, and with it of all its workspaces.
    pub control_plane: Origin,
    /// Of the server.
    pub server: Origin,
}
