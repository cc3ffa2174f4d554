//! Identifiers: one type per noun, so that the id of a team cannot be used as the id of a user.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// What all identifier types have in common.
///
/// An identifier is a UUID on both APIs. Its string form is lower case with hyphens, so equal identifiers are equal
/// byte for byte, in whatever spelling they were read.
pub trait Identifier:
    Copy
    + Eq
    + Ord
    + std::hash::Hash
    + fmt::Debug
    + fmt::Display
    + FromStr<Err = InvalidId>
    + Send
    + Sync
    + 'static
{
    /// The noun for messages: `team`, `service connector`.
    const NOUN: &'static str;

    /// Wraps a UUID that is known to identify such an object.
    fn from_uuid(uuid: Uuid) -> Self;

    /// The UUID itself.
    fn uuid(self) -> Uuid;
}

/// A string that is not an identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidId {
    /// The expected noun.
    pub noun: &'static str,
    /// The string.
    pub given: String,
}

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not the id of {}: an id is a UUID", self.given, with_article(self.noun))
    }
}

impl std::error::Error for InvalidId {}

/// Returns a noun with its article: `a team`, `an organization`.
pub fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    format!("{article} {noun}")
}

/// Parses an identifier. The error names the expected noun.
struct IdText<T>(&'static str, PhantomData<T>);

impl<T: FromStr> Visitor<'_> for IdText<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(|_| E::invalid_value(Unexpected::Str(text), &self.0))
    }
}

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident: $noun:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// A new random identifier.
            #[must_use]
            pub fn random() -> Self {
                Self(Uuid::new_v4())
            }
        }

        impl Identifier for $name {
            const NOUN: &'static str = $noun;

            fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let invalid = |_| InvalidId { noun: $noun, given: text.to_owned() };
                Uuid::try_parse(text).map(Self).map_err(invalid)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "format": "uuid" })
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(IdText(concat!("the UUID of the ", $noun), PhantomData))
            }
        }
    )+};
}

identifiers! {
    /// An organization of the control plane.
    OrganizationId: "organization";
    /// A team inside an organization.
    TeamId: "team";
    /// A user: of the control plane, or of one workspace (the two differ, see `external_user_id`).
    UserId: "user";
    /// An invitation that waits for its user.
    InvitationId: "invitation";
    /// A role of the control plane, predefined or custom.
    RoleId: "role";
    /// A workspace (formerly tenant).
    WorkspaceId: "workspace";
    /// A service account.
    ServiceAccountId: "service account";
    /// An API key of a service account, or a personal access token.
    ApiKeyId: "API key";
    /// A device that waits for its login to be confirmed.
    DeviceId: "device";
    /// A project inside a workspace.
    ProjectId: "project";
    /// A stack.
    StackId: "stack";
    /// A stack component.
    ComponentId: "stack component";
    /// A service connector.
    ConnectorId: "service connector";
    /// A secret.
    SecretId: "secret";
    /// A flavor of stack components.
    FlavorId: "flavor";
    /// A code repository.
    CodeRepositoryId: "code repository";
    /// A tag.
    TagId: "tag";
    /// An object whose type is known only at run time, such as a shared one.
    ObjectId: "object";
}

/// An object identified by its id or its name: many endpoints accept either.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum IdOrName<I> {
    /// The text was a UUID.
    Id(I),
    /// The text was anything else.
    Name(String),
}

impl<I: Identifier> IdOrName<I> {
    /// Parses a string as an id if it is a UUID, otherwise as a name.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Name(text.to_owned()), Self::Id)
    }
}

impl<I> From<I> for IdOrName<I>
where
    I: Identifier,
{
    fn from(id: I) -> Self {
        Self::Id(id)
    }
}

impl<I: fmt::Display> fmt::Display for IdOrName<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

#[cfg(feature = "schema")]
impl<I> schemars::JsonSchema for IdOrName<I> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "IdOrName".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string" })
    }
}

impl<I: fmt::Display> Serialize for IdOrName<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, I: Identifier> Deserialize<'de> for IdOrName<I> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<str>::deserialize(deserializer).map(|text| Self::parse(&text))
    }
}
