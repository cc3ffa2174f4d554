//! Who asks.

use uuid::Uuid;
use zenml_api::{Identifier, UserId};

use crate::token::Root;

/// How an account proved who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    /// A password.
    Password,
    /// A session of the control plane.
    Session,
    /// An API key, presented as it is.
    Key,
    /// A token for scripts.
    Automation,
    /// A session of one workspace.
    WorkspaceSession,
}

impl Credential {
    /// How the audit trail names it.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Password => "with a password",
            Self::Session => "with a session",
            Self::Key => "with an API key",
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
    /// How it proved who it is.
    pub(crate) credential: Credential,
    /// What tokens that are made now come from.
    pub(crate) root: Root,
}

/// In whose name a transaction runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Actor {
    /// Nobody has logged in.
    Anonymous,
    /// A person or a service account.
    Account(Identity),
    /// The server of a workspace.
    WorkspaceServer(Uuid),
    /// The platform itself: first start, deployments, clean-up. It may do everything.
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
