//! Attributes declared by the type of their field.

use super::{Blocks, Facts, Field, FromServer, FromUser, Value as _, WithDefault, WithoutDefault};
use crate::check::length;
use crate::schema::{Attribute, Block, Depends, Nesting, Shape, Who};

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

    /// Creates nested blocks instead of an attribute. The field type determines how many there can be: `T` exactly one,
    /// `Option<T>` at most one, and a collection any number.
    pub fn block<F: Blocks>(name: &'static str, description: impl Into<String>, block: Block) -> Self {
        let mut attribute = Self::of::<F>(name, description.into(), F::who());
        let is_single = matches!(attribute.shape, Shape::Nested(Nesting::Single, _));
        if block.is_group || !is_single {
            let is_required = block.min.is_some_and(|min| min > 0);
            attribute.who = if is_required { Who::Required } else { Who::Optional };
        }
        if block.min.is_some() || block.max.is_some() {
            let least = block.min.map_or(0, |min| min as usize);
            let count = block.max.map_or_else(|| length(least..), |max| length(least..=max as usize));
            attribute.checks.push(count);
        }
        attribute.block = Some(block);
        attribute
    }

    fn of<F: Field>(name: &'static str, description: String, who: Who) -> Self {
        let mut shape = F::Value::shape();
        if let (Who::Computed, Shape::Nested(_, attributes)) = (&who, &mut shape) {
            attributes.iter_mut().for_each(Self::make_computed);
        }
        let mut attribute = Self::new(name, description, shape, who);
        let Facts { checks, same, rules, deprecated, local } = F::Value::facts();
        attribute.sensitive = F::Value::SENSITIVE;
        attribute.checks = checks;
        attribute.same = same;
        attribute.rules = rules;
        attribute.deprecated = deprecated;
        attribute.local = local;
        attribute
    }

    /// Marks everything inside a read-only object as read-only, regardless of its field types.
    fn make_computed(&mut self) {
        self.who = Who::Computed;
        if let Shape::Nested(_, attributes) = &mut self.shape {
            attributes.iter_mut().for_each(Self::make_computed);
        }
    }

    /// Marks it as stable: its value never changes once it is known. The value of an optional attribute stays while the
    /// configuration does not set it. The type parameter is the type of the field: only values from the server can be
    /// stable.
    #[must_use]
    pub fn stable<F: FromServer>(self) -> Self {
        self.depends::<F>(&[])
    }

    /// Declares which attributes of the same object its value from the server follows from: an update that changes
    /// none of them keeps the value. The type parameter is the type of the field.
    #[must_use]
    pub fn depends<F: FromServer>(mut self, attributes: &[&'static str]) -> Self {
        self.depends = Depends::Only { attributes: attributes.to_vec(), nullable: F::NULLABLE };
        self
    }

    /// Marks it as local: changing it changes nothing on the server, so no value from the server follows from it,
    /// unless that value [depends](Self::depends) on it by name. The type parameter is the type of the field: only
    /// values that the user sets can be local.
    #[must_use]
    pub fn local<F: FromUser>(mut self) -> Self {
        self.local = true;
        self
    }
}
