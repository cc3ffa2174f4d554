//! Where the user set an address and a credential, so that errors can name the right place.

/// Where the user set the address of an API and its credential, in words that complete "Check …", such as `server_url
/// in the provider block`.
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

/// The origins of both APIs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    /// Origin of the control plane, and of its workspaces.
    pub control_plane: Origin,
    /// Origin of the server.
    pub server: Origin,
}
