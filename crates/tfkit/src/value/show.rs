//! Values in messages.

use std::fmt;

use super::Dyn;

/// A value as messages show it. The caller must make sure that it is not sensitive.
pub(crate) struct Shown<'a>(pub(crate) &'a Dyn);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Dyn::Null => f.write_str("null"),
            Dyn::Unknown => f.write_str("(known after apply)"),
            Dyn::Bool(value) => write!(f, "{value}"),
            Dyn::Number(number) => write!(f, "{number}"),
            Dyn::String(text) => write!(f, "{text:?}"),
            Dyn::List(elements) => {
                f.write_str("[")?;
                elements.iter().enumerate().try_for_each(|(index, element)| {
                    write!(f, "{}{}", if index == 0 { "" } else { ", " }, Shown(element))
                })?;
                f.write_str("]")
            }
            Dyn::Map(elements) => {
                f.write_str("{")?;
                elements.iter().enumerate().try_for_each(|(index, (key, element))| {
                    write!(f, "{}{key:?} = {}", if index == 0 { "" } else { ", " }, Shown(element))
                })?;
                f.write_str("}")
            }
            Dyn::Typed(typed) => Shown(&typed.1).fmt(f),
        }
    }
}
