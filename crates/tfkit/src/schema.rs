//! Schemas: attributes, and who may set them.

use crate::check::{Check, Rule};
use crate::plan::Same;
use crate::value::{Dyn, Type};

/// The schema of a resource, data source or provider block. A nested block is an attribute with [`Attribute::block`].
#[derive(Clone, Debug)]
pub struct Schema {
    /// Version of the state schema.
    pub version: i64,
    /// What it is for, in Markdown.
    pub description: String,
    /// Why it is deprecated, and what to use instead.
    pub deprecated: Option<&'static str>,
    /// In the order of declaration.
    pub attributes: Vec<Attribute>,
    /// Rules over several attributes.
    pub rules: Vec<Rule>,
    /// Facts for the documentation.
    pub about: About,
}

/// A kind of type that a provider registers, with a name and a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A managed resource: `resource "cloud_team" …`.
    Resource,
    /// A data source: `data "cloud_team" …`.
    DataSource,
    /// An ephemeral resource: `ephemeral "cloud_token" …`.
    EphemeralResource,
    /// An action: `action "cloud_team_check" …`.
    Action,
    /// A list of the objects of a resource type: `list "cloud_team" …` in a query file.
    ListResource,
}

impl Kind {
    /// All kinds, in the order of the documentation.
    pub const ALL: [Self; 5] =
        [Self::Resource, Self::DataSource, Self::EphemeralResource, Self::ListResource, Self::Action];

    /// Returns its name in messages.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::DataSource => "data source",
            Self::EphemeralResource => "ephemeral resource",
            Self::Action => "action",
            Self::ListResource => "list resource",
        }
    }
}

/// Facts about a type that its page states besides its attributes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The first version of the provider that has the type, such as `1.2.0`.
    pub since: Option<&'static str>,
    /// What the provider's credential needs, to follow "Requires", such as "the role Admin".
    pub needs: Option<&'static str>,
    /// Heading under which the registry lists the page.
    pub category: Option<&'static str>,
    /// Formats of import ids besides the one of the key, such as `TYPE/NAME`. The optional parts of the key may precede
    /// them. They are the only formats if the parts of the key, separated by `/`, are not an import id.
    pub imports: &'static [&'static str],
}

impl Schema {
    /// Returns the type of the whole block: an object with every attribute.
    pub fn ty(&self) -> Type {
        object_type(&self.attributes)
    }
}

/// One attribute.
#[expect(clippy::struct_excessive_bools, reason = "they are the host's own independent flags")]
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Its name in configurations.
    pub name: &'static str,
    /// What it means, in Markdown.
    pub description: String,
    /// The shape of its value.
    pub shape: Shape,
    /// Who sets its value.
    pub who: Who,
    /// Hidden in the output of the host; stored in the state in plain text.
    pub sensitive: bool,
    /// Only in the configuration, never in a plan or a state.
    pub write_only: bool,
    /// Why it is deprecated, and what to use instead.
    pub deprecated: Option<&'static str>,
    /// Changing it replaces the object.
    pub replace: bool,
    /// What its value from the server follows from.
    pub depends: Depends,
    /// It exists only in the configuration and the state: changing it changes nothing on the server.
    pub local: bool,
    /// It is part of what identifies an element of a list or a set: a changed element with the same key is the same
    /// element. Without keys, elements are recognized by what the configuration sets.
    pub key: bool,
    /// Rule for different values with the same meaning, to keep the user's spelling.
    pub same: Option<Same>,
    /// Checks of the value.
    pub checks: Vec<Check>,
    /// Rules over the attributes of each nested object.
    pub rules: Vec<Rule>,
    /// Set if it is not an attribute but nested blocks.
    pub block: Option<Block>,
}

/// How nested objects are written as blocks, `rule { … }` instead of `rule = { … }`. Blocks exist for configurations that
/// were written for an older provider; new types use nested attributes, which can also be computed, sensitive and null.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// For a single block: if it is absent, it is an object without values, and never null.
    pub is_group: bool,
    /// Minimum number of blocks in a list or a set.
    pub min: Option<u32>,
    /// Maximum number of blocks in a list or a set.
    pub max: Option<u32>,
}

impl Attribute {
    /// Creates a plain attribute.
    pub fn new(name: &'static str, description: impl Into<String>, shape: Shape, who: Who) -> Self {
        Self {
            name,
            description: description.into(),
            shape,
            who,
            sensitive: false,
            write_only: false,
            deprecated: None,
            replace: false,
            depends: Depends::Anything,
            local: false,
            key: false,
            same: None,
            checks: Vec::new(),
            rules: Vec::new(),
            block: None,
        }
    }

    /// Returns the type of its value.
    pub fn ty(&self) -> Type {
        self.shape.ty()
    }
}

/// Returns the type of an object with these attributes. Whether they are optional or computed does not matter.
pub fn object_type(attributes: &[Attribute]) -> Type {
    Type::object(attributes.iter().map(|attribute| (attribute.name, attribute.ty())))
}

/// The shape of an attribute's value.
#[derive(Clone, Debug)]
pub enum Shape {
    /// A value of a type.
    Plain(Type),
    /// One or more objects with their own attributes.
    Nested(Nesting, Vec<Attribute>),
}

impl Shape {
    /// Returns the type of a value of this shape.
    pub fn ty(&self) -> Type {
        match self {
            Self::Plain(ty) => ty.clone(),
            Self::Nested(Nesting::Single, attributes) => object_type(attributes),
            Self::Nested(Nesting::List, attributes) => object_type(attributes).list(),
            Self::Nested(Nesting::Set, attributes) => object_type(attributes).set(),
            Self::Nested(Nesting::Map, attributes) => object_type(attributes).map(),
        }
    }
}

/// How objects nest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// One object.
    Single,
    /// An ordered list of objects.
    List,
    /// An unordered set of objects.
    Set,
    /// Objects by key.
    Map,
}

/// Who sets an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Who {
    /// The user, always.
    Required,
    /// The user, or nobody: null means not set, and clears the value.
    Optional,
    /// The user, or somebody outside of Terraform: null means not managed.
    IfSet,
    /// As [`IfSet`](Self::IfSet), but an imported value stays in the state until the configuration sets the attribute:
    /// a plan must not show a change where an update changes nothing. With the name of a write-only attribute, which is
    /// another way to set it, the value is kept only while nothing else changes: a generated configuration contains
    /// null for a secret. Resources have this instead of [`IfSet`](Self::IfSet), except inside nested objects.
    IfSetOrImported(Option<&'static str>),
    /// The user, else this value.
    Default(Dyn),
    /// The user, else the server.
    Server,
    /// The server only.
    Computed,
}

impl Who {
    /// Returns the host's `computed` flag: the provider may set the attribute.
    pub fn is_computed(&self) -> bool {
        matches!(self, Self::IfSetOrImported(_) | Self::Default(_) | Self::Server | Self::Computed)
    }

    /// Returns the host's `required` flag: the user must set the attribute.
    pub fn is_required(&self) -> bool {
        matches!(self, Self::Required)
    }

    /// Returns the host's `optional` flag: the user may set the attribute or omit it.
    pub fn is_optional(&self) -> bool {
        matches!(
            self,
            Self::Optional | Self::IfSet | Self::IfSetOrImported(_) | Self::Default(_) | Self::Server
        )
    }

    /// Returns whether null means not managed: neither refreshed nor changed.
    pub fn is_left_alone(&self) -> bool {
        matches!(self, Self::IfSet | Self::IfSetOrImported(_))
    }

    /// Returns whether the user can set it at all.
    pub fn is_configurable(&self) -> bool {
        !matches!(self, Self::Computed)
    }
}

/// What a value from the server follows from. An update leaves the value unknown if any of it changes, and keeps it
/// otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Depends {
    /// Every attribute of the resource that is not [local](Attribute::local). The default, because it is never wrong:
    /// a value that is unknown needlessly costs the user a less precise plan, but a value that is kept wrongly
    /// contradicts the server.
    #[default]
    Anything,
    /// These attributes of the same object only; none for a value that never changes.
    Only {
        /// Their names.
        attributes: Vec<&'static str>,
        /// Whether null is a value of the server. Otherwise a null in the state means that an earlier version of the
        /// provider did not have the attribute, and any change makes it unknown.
        nullable: bool,
    },
}

/// Identity of a resource type: plain attributes that identify one object; empty if the type has no identity.
#[derive(Clone, Debug, Default)]
pub struct IdentitySchema {
    /// Version of the identity schema.
    pub version: i64,
    /// Its attributes.
    pub attributes: Vec<IdentityAttribute>,
}

impl IdentitySchema {
    /// Returns the type of the whole identity: an object with every attribute.
    pub fn ty(&self) -> Type {
        Type::object(self.attributes.iter().map(|attribute| (attribute.name, attribute.ty.clone())))
    }
}

/// One attribute of an identity.
#[derive(Clone, Debug)]
pub struct IdentityAttribute {
    /// Its name.
    pub name: &'static str,
    /// Its type. The host does not allow maps, sets and objects.
    pub ty: Type,
    /// What it means.
    pub description: String,
    /// Whether an import must specify it.
    pub required: bool,
}

/// Used by the derive macro and by models written by hand.
impl Attribute {
    /// Changing it replaces the object.
    #[must_use]
    pub fn replace(mut self) -> Self {
        self.replace = true;
        self
    }

    /// Marks it as part of what identifies an element of a list or a set.
    #[must_use]
    pub fn key(mut self) -> Self {
        self.key = true;
        self
    }

    /// Hides it in the output of the host.
    #[must_use]
    pub fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Marks it as deprecated, and states what to use instead.
    #[must_use]
    pub fn deprecated(mut self, message: &'static str) -> Self {
        self.deprecated = Some(message);
        self
    }

    /// Keeps it out of plans and states, so that the host accepts an ephemeral value.
    #[must_use]
    pub fn write_only(mut self) -> Self {
        self.write_only = true;
        self
    }

    /// Adds a check of the value.
    #[must_use]
    pub fn check(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }

    /// Sets the rule for different values with the same meaning.
    #[must_use]
    pub fn same(mut self, same: Same) -> Self {
        self.same = Some(same);
        self
    }
}
