//! Values in messages.

use std::fmt::{self, Write};

use super::Dyn;

/// Maximum length of a value in a message, in characters.
const LONGEST: usize = 200;

/// A value as messages show it: a long one ends with `…`. The caller must make sure that it is not sensitive.
pub(crate) struct Shown<'a>(pub(crate) &'a Dyn);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(text) = self.0.as_str() {
            let Some((end, _)) = text.char_indices().nth(LONGEST) else { return write!(f, "{text:?}") };
            let begun = format!("{:?}", &text[..end]);
            return write!(f, "{}…\"", begun.strip_suffix('"').unwrap_or(&begun));
        }
        let mut begun = Begun { text: String::new(), left: LONGEST };
        // The only error is that the text is complete.
        match write!(begun, "{}", Whole(self.0)) {
            Ok(()) => f.write_str(&begun.text),
            Err(fmt::Error) => write!(f, "{}…", begun.text),
        }
    }
}

/// The beginning of a text. Writing more than that is an error, so that a large value takes no time.
struct Begun {
    text: String,
    left: usize,
}

impl Write for Begun {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        for character in more.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(character);
        }
        Ok(())
    }
}

/// A value with all its parts, as in a configuration.
pub(crate) struct Whole<'a>(pub(crate) &'a Dyn);

impl fmt::Display for Whole<'_> {
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
                    write!(f, "{}{}", if index == 0 { "" } else { ", " }, Whole(element))
                })?;
                f.write_str("]")
            }
            Dyn::Map(elements) => {
                f.write_str("{")?;
                elements.iter().enumerate().try_for_each(|(index, (key, element))| {
                    write!(f, "{}{key:?} = {}", if index == 0 { "" } else { ", " }, Whole(element))
                })?;
                f.write_str("}")
            }
            Dyn::Typed(typed) => Whole(&typed.1).fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_is_cut_in_a_message() {
        let long = "ä".repeat(1 << 16);
        let cases = [
            (Dyn::string(long.clone()), format!("\"{}…\"", "ä".repeat(LONGEST))),
            (Dyn::string("x".repeat(LONGEST)), format!("\"{}\"", "x".repeat(LONGEST))),
            (Dyn::list([1.into(), Dyn::string(long.clone())]), format!("[1, \"{}…", "ä".repeat(LONGEST - 5))),
            (Dyn::map([(long, Dyn::Null)]), format!("{{\"{}…", "ä".repeat(LONGEST - 2))),
            (Dyn::list(["a".into(), Dyn::Null]), "[\"a\", null]".to_owned()),
            (
                Dyn::Number(format!("0.{}1", "3".repeat(300)).parse().unwrap()),
                format!("0.{}…", "3".repeat(LONGEST - 2)),
            ),
        ];
        for (value, expected) in cases {
            assert_eq!(Shown(&value).to_string(), expected);
        }
    }
}
