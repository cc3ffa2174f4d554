//! The state of a platform, shared by all its requests.

use std::sync::Arc;

use crate::assumption::Assumption;
use crate::control::limit::Limits;
use crate::crypto::Vault;
use crate::engine::Engines;
use crate::faults::Injector;
use crate::login::{Browsers, Logins};
use crate::store::Store;
use crate::task::Tasks;
use crate::token::Tokens;

/// State shared by all requests. There is no global state: one process can run many platforms.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) store: Arc<Store>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) tokens: Tokens,
    pub(crate) logins: Arc<Logins>,
    /// Sessions of browsers.
    pub(crate) browsers: Browsers,
    pub(crate) faults: Injector,
    pub(crate) engines: Engines,
    pub(crate) tasks: Tasks,
    /// For how long an invitation can be accepted.
    pub(crate) invitation_lifetime: std::time::Duration,
    pub(crate) limits: Limits,
    pub(crate) assumptions: Vec<Assumption>,
    /// Address of the platform, without a trailing slash.
    pub(crate) base_url: String,
}
