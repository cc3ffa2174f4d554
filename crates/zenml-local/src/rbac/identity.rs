//! Who asks.

use uuid::Uuid;
use zenml_api::{Identifier, UserId};

use crate::token::Root;

/// How an account authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    /// A password.
    Password,
    /// A session of the control plane.
    Session,
    /// An API key, sent directly.
    Key,
    /// A session of a device that a person has confirmed.
    Device,
    /// A script token.
    Automation,
    /// A session of one workspace.
    WorkspaceSession,
}

impl Credential {
    /// Returns the wording for the audit trail.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Password => "with a password",
            Self::Session => "with a session",
            Self::Key => "with an API key",
            Self::Device => "with a device",
            Self::Automation => "with a token for scripts",
            Self::WorkspaceSession => "with a session of the workspace",
        }
    }
}

/// An account whose credential was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The account, a person's or a service account's.
    pub(crate) account: UserId,
    /// Its name.
    pub(crate) username: String,
    /// Whether it is a service account.
    pub(crate) is_service_account: bool,
    /// Whether it administers the platform.
    pub(crate) is_superuser: bool,
    /// How it authenticated.
    pub(crate) credential: Credential,
    /// The root of tokens created from this credential.
    pub(crate) root: Root,
}

/// On whose behalf a transaction runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Actor {
    /// Nobody has logged in.
    Anonymous,
    /// A person or a service account.
    Account(Identity),
    /// The server of a workspace.
    WorkspaceServer(Uuid),
    /// The platform itself: first start, deployments, cleanup. It may do everything.
    Platform,
}

impl Actor {
    /// The account, if it is one.
    pub(crate) const fn identity(&self) -> Option<&Identity> {
        match self {
            Self::Account(identity) => Some(identity),
            _ => None,
        }
    }

    /// The kind of actor, its id and its name, for the audit trail.
    pub(crate) fn describe(&self) -> (&'static str, Option<Uuid>, String) {
        match self {
            Self::Anonymous => ("anonymous", None, "anonymous".to_owned()),
            Self::Platform => ("platform", None, "platform".to_owned()),
            Self::WorkspaceServer(id) => ("workspace_server", Some(*id), format!("workspace server {id}")),
            Self::Account(identity) => (
                if identity.is_service_account { "service_account" } else { "user" },
                Some(identity.account.uuid()),
                identity.username.clone(),
            ),
        }
    }
}
