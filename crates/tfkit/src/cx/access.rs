//! The provider's client, as far as the configuration determines it.

use std::sync::{Arc, PoisonError, RwLock};

use crate::diag::Diag;
use crate::value::Path;

/// The provider's client, as far as the configuration determines it.
pub(crate) enum Access<Client> {
    /// The provider is not configured.
    None,
    /// The last configuration failed, with this error.
    Failed(Arc<Diag>),
    /// Configured.
    Ready(Arc<Client>),
    /// Some values of the configuration are known only after an apply.
    Unknown(Arc<[Path]>),
}

impl<Client> Clone for Access<Client> {
    fn clone(&self) -> Self {
        match self {
            Self::None => Self::None,
            Self::Failed(error) => Self::Failed(Arc::clone(error)),
            Self::Ready(client) => Self::Ready(Arc::clone(client)),
            Self::Unknown(paths) => Self::Unknown(Arc::clone(paths)),
        }
    }
}

/// The client that the last configuration created, shared by the provider and all its types.
pub(crate) struct Connection<Client>(RwLock<Access<Client>>);

impl<Client> Default for Connection<Client> {
    fn default() -> Self {
        Self(RwLock::new(Access::None))
    }
}

impl<Client> Connection<Client> {
    pub(crate) fn get(&self) -> Access<Client> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set(&self, access: Access<Client>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = access;
    }
}

/// Returns the error of an operation that needs the client although the provider was never configured.
pub(crate) fn unconfigured_provider() -> Diag {
    Diag::error("The provider is not configured")
        .why("The host requested an operation before it configured the provider.")
}

/// Returns the error of an operation that needs the client after the configuration of the provider failed.
pub(crate) fn failed_provider(error: &Diag) -> Diag {
    let place = error.path.as_ref().map(|path| format!(" (argument {path})")).unwrap_or_default();
    Diag::error("The configuration of the provider failed")
        .why(format!("{}{place}. Nothing can be read or changed without it.", error.summary))
        .fix("See the error of the provider block, and correct the block or the environment variables.")
}

/// Returns the error of an operation that needs the client while values of the provider block are unknown.
pub(crate) fn unknown_provider(paths: &[Path]) -> Diag {
    let names: Vec<String> = paths.iter().map(ToString::to_string).collect();
    let names = names.join(", ");
    Diag::error(format!("The provider's configuration is not known yet: {names}"))
        .why(
            "These arguments of the provider block depend on objects that this run creates, but this operation \
             needs the server now.",
        )
        .fix(
            "Set the arguments to values that are known during planning, or create the objects that they depend on \
             first:\n  terraform apply -target=ADDRESS",
        )
}
