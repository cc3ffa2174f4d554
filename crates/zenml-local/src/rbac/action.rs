//! Actions on objects.

use std::fmt;
use std::str::FromStr;

/// An action, as in resource strings and shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(crate) enum Action {
    /// Create an object of a kind.
    Create,
    /// See an object.
    Read,
    /// Change an object.
    Update,
    /// Delete an object.
    Delete,
    /// Grant others permissions on an object.
    Share,
    /// See the secret values inside an object.
    ReadSecretValue,
    /// Get credentials from a service connector.
    Client,
    /// Move a model between stages.
    Promote,
    /// Delete many objects at once.
    Prune,
    /// Copy secrets to and from a backup store.
    BackupRestore,
    /// Log in to a workspace. Not an action of the real API: there, any role or share in the workspace is enough.
    Enter,
    /// Log in anywhere. For the audit trail only: it requires no permission.
    Login,
}

impl Action {
    /// All actions that can be granted, in their fixed order.
    pub(crate) const ALL: [Self; 11] = [
        Self::Create,
        Self::Read,
        Self::Update,
        Self::Delete,
        Self::Share,
        Self::ReadSecretValue,
        Self::Client,
        Self::Promote,
        Self::Prune,
        Self::BackupRestore,
        Self::Enter,
    ];

    /// Returns its name in the API.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Share => "share",
            Self::ReadSecretValue => "read_secret_value",
            Self::Client => "client",
            Self::Promote => "promote",
            Self::Prune => "prune",
            Self::BackupRestore => "backup_restore",
            Self::Enter => "enter",
            Self::Login => "login",
        }
    }

    /// Whether it is recorded in the audit trail.
    pub(crate) const fn is_audited(self) -> bool {
        !matches!(self, Self::Read | Self::Enter)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, UnknownAction> {
        Self::ALL
            .into_iter()
            .find(|action| *action != Self::Enter && action.as_str() == text)
            .ok_or_else(|| UnknownAction(text.to_owned()))
    }
}

/// A string that does not name an action.
#[derive(Debug, thiserror::Error)]
#[error("'{0}' is not a valid Action")]
pub(crate) struct UnknownAction(pub String);

/// A set of actions.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Actions(u16);

impl Actions {
    /// No action.
    pub(crate) const NONE: Self = Self(0);
    /// Every action of the API. Entering a workspace is separate.
    pub(crate) const ALL: Self = Self::of(&[
        Action::Create,
        Action::Read,
        Action::Update,
        Action::Delete,
        Action::Share,
        Action::ReadSecretValue,
        Action::Client,
        Action::Promote,
        Action::Prune,
        Action::BackupRestore,
    ]);

    /// The set of these actions.
    pub(crate) const fn of(actions: &[Action]) -> Self {
        let mut bits = 0;
        let mut index = 0;
        while index < actions.len() {
            bits |= 1 << actions[index] as u8;
            index += 1;
        }
        Self(bits)
    }

    /// Both sets together.
    #[must_use]
    pub(crate) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// This set without the actions of another.
    #[must_use]
    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether an action is in the set.
    pub(crate) const fn contains(self, action: Action) -> bool {
        self.0 & (1 << action as u8) != 0
    }

    /// Whether the set is empty.
    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The actions, in their fixed order.
    pub(crate) fn iter(self) -> impl Iterator<Item = Action> {
        Action::ALL.into_iter().filter(move |action| self.contains(*action))
    }

    /// Returns the string for a database column; the order is fixed.
    pub(crate) fn to_text(self) -> String {
        self.iter().map(Action::as_str).collect::<Vec<_>>().join(" ")
    }

    /// Reads a database column; unknown names are ignored.
    pub(crate) fn from_text(text: &str) -> Self {
        text.split(' ').filter_map(|name| name.parse().ok()).collect()
    }
}

impl fmt::Debug for Actions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Actions({})", self.to_text())
    }
}

impl FromIterator<Action> for Actions {
    fn from_iter<I: IntoIterator<Item = Action>>(actions: I) -> Self {
        actions.into_iter().fold(Self::NONE, |set, action| set.union(Self::of(&[action])))
    }
}

/// An action as a type, for the proofs that queries ask for.
pub(crate) trait Act: Send + Sync + 'static {
    /// The action.
    const ACTION: Action;
}

macro_rules! acts {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $name;

        impl Act for $name {
            const ACTION: Action = Action::$name;
        }
    )+};
}

acts! {
    /// See [`Action::Create`].
    Create
    /// See [`Action::Read`].
    Read
    /// See [`Action::Update`].
    Update
    /// See [`Action::Delete`].
    Delete
    /// See [`Action::Share`].
    Share
    /// See [`Action::ReadSecretValue`].
    ReadSecretValue
    /// See [`Action::Client`].
    Client
    /// See [`Action::Prune`].
    Prune
    /// See [`Action::BackupRestore`].
    BackupRestore
    /// See [`Action::Enter`].
    Enter
}
