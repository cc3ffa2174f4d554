//! What an attribute is and who may set it.

use crate::check::{Check, Rule};
use crate::plan::Same;
use crate::value::{Dyn, Type};

/// The schema of a resource, data source or provider block. Attributes only: nested attributes do all that
/// blocks do, and can be computed, sensitive and null.
#[derive(Clone, Debug)]
pub struct Schema {
    /// Version of the state's shape.
    pub version: i64,
    /// What it is for, in Markdown.
    pub description: String,
    /// Why it should not be used any more, and what to use instead.
    pub deprecated: Option<&'static str>,
    /// In the order of declaration.
    pub attributes: Vec<Attribute>,
    /// What several attributes together must keep to.
    pub rules: Vec<Rule>,
}

impl Schema {
    /// The type of the whole block: an object with every attribute.
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
    /// The form of its value.
    pub shape: Shape,
    /// Who sets its value.
    pub who: Who,
    /// Hidden in the output of the host; stored in the state in clear.
    pub sensitive: bool,
    /// Read from the configuration only: never in a plan or a state.
    pub write_only: bool,
    /// Why it should not be used any more, and what to use instead.
    pub deprecated: Option<&'static str>,
    /// Changing it replaces the object.
    pub replace: bool,
    /// Its computed value never changes once it is known, so that an update keeps it known.
    pub stable: bool,
    /// When two different values mean the same, so that the user's spelling stays.
    pub same: Option<Same>,
    /// What a value must keep to.
    pub checks: Vec<Check>,
}

impl Attribute {
    /// An attribute with nothing special about it.
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
            stable: false,
            same: None,
            checks: Vec::new(),
        }
    }

    /// The type of its value.
    pub fn ty(&self) -> Type {
        self.shape.ty()
    }
}

/// The type of an object with these attributes; whether they are optional or computed makes no difference to it.
pub fn object_type(attributes: &[Attribute]) -> Type {
    Type::object(attributes.iter().map(|attribute| (attribute.name, attribute.ty())))
}

/// The form of an attribute's value.
#[derive(Clone, Debug)]
pub enum Shape {
    /// A value of a type.
    Plain(Type),
    /// One or more objects with attributes of their own.
    Nested(Nesting, Vec<Attribute>),
}

impl Shape {
    /// The type of a value of this form.
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
    /// Objects in order.
    List,
    /// Objects without order.
    Set,
    /// Objects by key.
    Map,
}

/// Who sets an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Who {
    /// The user, always.
    Required,
    /// The user, or nobody: null means absent, and clears.
    Optional,
    /// The user, or somebody else whom we leave alone: null means hands off.
    IfSet,
    /// The user, else this value.
    Default(Dyn),
    /// The user, else the server.
    Server,
    /// The server only.
    Computed,
}

impl Who {
    /// The host's flag: the provider may fill the attribute.
    pub fn is_computed(&self) -> bool {
        matches!(self, Self::Default(_) | Self::Server | Self::Computed)
    }

    /// The host's flag: the user must set the attribute.
    pub fn is_required(&self) -> bool {
        matches!(self, Self::Required)
    }

    /// The host's flag: the user may set the attribute, or leave it out.
    pub fn is_optional(&self) -> bool {
        matches!(self, Self::Optional | Self::IfSet | Self::Default(_) | Self::Server)
    }

    /// True where the user has a say at all.
    pub fn is_configurable(&self) -> bool {
        !matches!(self, Self::Computed)
    }
}
