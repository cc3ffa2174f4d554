//! Attributes declared by the type of their field.

use super::{Field, FromServer, Value as _, WithDefault, WithoutDefault};
use crate::schema::{Attribute, Shape, Who};

/// Used by the derive macro and by models written by hand.
impl Attribute {
    /// Creates an attribute whose field type determines who sets it.
    pub fn field<F: WithoutDefault>(name: &'static str, description: impl Into<String>) -> Self {
        Self::of::<F>(name, description.into(), F::who())
    }

    /// An attribute with a default.
    pub fn field_or<F: WithDefault>(
        name: &'static str,
        description: impl Into<String>,
        default: &F::Value,
    ) -> Self {
        Self::of::<F>(name, description.into(), Who::Default(default.to_known()))
    }

    fn of<F: Field>(name: &'static str, description: String, who: Who) -> Self {
        let mut shape = F::Value::shape();
        if let (Who::Computed, Shape::Nested(_, attributes)) = (&who, &mut shape) {
            attributes.iter_mut().for_each(Self::make_computed);
        }
        let mut attribute = Self::new(name, description, shape, who);
        attribute.sensitive = F::Value::SENSITIVE;
        attribute
    }

    /// Marks everything inside a read-only object as read-only, regardless of its field types.
    fn make_computed(&mut self) {
        self.who = Who::Computed;
        if let Shape::Nested(_, attributes) = &mut self.shape {
            attributes.iter_mut().for_each(Self::make_computed);
        }
    }

    /// Marks it as stable: its value never changes once it is known. The type parameter is the type of the field:
    /// only values from the server can be stable.
    #[must_use]
    pub fn stable<F: FromServer>(mut self) -> Self {
        self.stable = true;
        self
    }
}
