//! The trait that a provider author implements for an action.

use std::future::Future;
use std::time::Duration;

use crate::cx::Cx;
use crate::diag::Diag;
use crate::model::{DEFAULT_TIMEOUT, Model, Partial};

/// An action type: something that is done once, at the request of the user or after a change of a resource, and that
/// leaves no state. Terraform 1.14 and later run actions.
///
/// The model is the configuration, `#[model(kind = action)]`. All its attributes are set by the user; a write-only one
/// may be given an ephemeral value.
///
/// As with a [resource](crate::Resource), one behavior can serve many models. If there is only one, the model
/// implements the trait itself.
pub trait Action: Send + Sync + 'static {
    /// The configuration.
    type Model: Model;

    /// The client that the provider's configuration creates.
    type Client: Send + Sync + 'static;

    /// Runs the action. The configuration is completely known. Tell the user about long work with
    /// [`Cx::progress`], and about doubts with [`Cx::warn`].
    ///
    /// An action runs to its end unless it checks whether the user asked to stop, as [`Cx::sleep`] does. Terraform
    /// cannot undo it: say in the error what has been done and what has not.
    fn invoke(cx: &Cx<Self::Client>, config: Self::Model) -> impl Future<Output = Result<(), Diag>> + Send;

    /// Checks a configuration beyond the checks of its attributes. Pure and offline. Returns nothing while a needed
    /// value is unknown.
    fn validate(config: &Partial<Self::Model>) -> Vec<Diag> {
        let _ = config;
        Vec::new()
    }

    /// Rejects during planning, before anything is changed, an action that cannot succeed. Must not change anything.
    /// Values may be unknown, because the run creates what they refer to: return `Ok` then. The engine treats a
    /// missing [client](Cx::client) as "not decided yet".
    fn plan(
        cx: &Cx<Self::Client>,
        config: &Partial<Self::Model>,
    ) -> impl Future<Output = Result<(), Diag>> + Send {
        let _ = (cx, config);
        async { Ok(()) }
    }

    /// Returns the timeout of the action if the configuration does not set one, in an attribute
    /// [`timeouts`](crate::timeouts).
    fn timeout() -> Duration {
        DEFAULT_TIMEOUT
    }
}
