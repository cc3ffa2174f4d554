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
    /// Facts for the documentation.
    pub about: About,
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
    /// Forms of an import id beside the one of the key, such as `TYPE/NAME`. The optional parts of the key may precede
    /// them. They are the only forms where the parts of the key, separated by `/`, are no import id.
    pub imports: &'static [&'static str],
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
    /// As [`IfSet`](Self::IfSet), but what an import found stays while nothing else changes: a generated configuration
    /// has null for a secret. The write-only attribute of this name is another way to set it.
    IfSetOrImported(&'static str),
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
        matches!(self, Self::IfSetOrImported(_) | Self::Default(_) | Self::Server | Self::Computed)
    }

    /// The host's flag: the user must set the attribute.
    pub fn is_required(&self) -> bool {
        matches!(self, Self::Required)
    }

    /// The host's flag: the user may set the attribute, or leave it out.
    pub fn is_optional(&self) -> bool {
        matches!(
            self,
            Self::Optional | Self::IfSet | Self::IfSetOrImported(_) | Self::Default(_) | Self::Server
        )
    }

    /// Whether null means that others decide, and that we do not even look.
    pub fn is_left_alone(&self) -> bool {
        matches!(self, Self::IfSet | Self::IfSetOrImported(_))
    }

    /// True where the user has a say at all.
    pub fn is_configurable(&self) -> bool {
        !matches!(self, Self::Computed)
    }
}

/// Identity of a resource type: plain attributes that name one object; none where the type has no identity.
#[derive(Clone, Debug, Default)]
pub struct IdentitySchema {
    /// Version of the identity's shape.
    pub version: i64,
    /// Its attributes.
    pub attributes: Vec<IdentityAttribute>,
}

impl IdentitySchema {
    /// The type of the whole identity: an object with every attribute.
    pub fn ty(&self) -> Type {
        Type::object(self.attributes.iter().map(|attribute| (attribute.name, attribute.ty.clone())))
    }
}

/// One attribute of an identity.
#[derive(Clone, Debug)]
pub struct IdentityAttribute {
    /// Its name.
    pub name: &'static str,
    /// Its type; maps, sets and objects are not allowed by the host.
    pub ty: Type,
    /// What it means.
    pub description: String,
    /// An import must give it; otherwise an import may give it.
    pub required: bool,
}

/// What the derive writes; a model written by hand may use the same.
impl Attribute {
    /// Changing it replaces the object.
    #[must_use]
    pub fn replace(mut self) -> Self {
        self.replace = true;
        self
    }

    /// Hides it in the output of the host.
    #[must_use]
    pub fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Says why it should not be used any more, and what to use instead.
    #[must_use]
    pub fn deprecated(mut self, message: &'static str) -> Self {
        self.deprecated = Some(message);
        self
    }

    /// Adds a condition that the value must keep to.
    #[must_use]
    pub fn check(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }

    /// Says when two different values mean the same.
    #[must_use]
    pub fn same(mut self, same: Same) -> Self {
        self.same = Some(same);
        self
    }
}
