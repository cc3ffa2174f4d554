//! Values of any type, for attributes of type [`Type::Dynamic`].

use super::{Dyn, Type};

impl Dyn {
    /// Adds the type that a value itself implies, as the host does for a literal: lists become tuples, and maps become
    /// objects. For a value of an attribute of type [`Type::Dynamic`], such as parsed JSON.
    #[must_use]
    pub fn dynamic(self) -> Self {
        match self {
            Self::Null | Self::Unknown | Self::Typed(_) => self,
            _ => Self::typed(implied(&self), self),
        }
    }

    /// Returns the value without any types, at any depth.
    #[must_use]
    pub fn without_types(&self) -> Self {
        match self.untyped() {
            Self::List(elements) => Self::List(elements.iter().map(Self::without_types).collect()),
            Self::Map(members) => {
                let members = members.iter().map(|(name, member)| (name.clone(), member.without_types()));
                Self::Map(members.collect())
            }
            other => other.clone(),
        }
    }
}

/// Returns the type that a value implies: tuples for lists, objects for maps. Null and unknown imply none.
fn implied(value: &Dyn) -> Type {
    match value {
        Dyn::Null | Dyn::Unknown => Type::Dynamic,
        Dyn::Bool(_) => Type::Bool,
        Dyn::Number(_) => Type::Number,
        Dyn::String(_) => Type::String,
        Dyn::List(elements) => Type::Tuple(elements.iter().map(implied).collect()),
        Dyn::Map(members) => {
            Type::Object(members.iter().map(|(name, member)| (name.clone(), implied(member))).collect())
        }
        Dyn::Typed(typed) => typed.0.clone(),
    }
}
