//! Writing expressions and blocks in the format of `terraform fmt`.

use std::fmt::Write as _;

/// Longest list or object on one line, in characters.
const SHORT: usize = 60;

/// An expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    /// A literal or a reference on one line, as it is written.
    Written(String),
    /// A list.
    List(Vec<Self>),
    /// An object: keys and values.
    Object(Vec<(String, Self)>),
    /// A call of a function with one argument.
    Call(&'static str, Box<Self>),
}

impl Expression {
    pub(super) fn string(text: &str) -> Self {
        Self::Written(quoted(text))
    }

    /// Writes the expression. Lines after the first are indented by `indent` spaces.
    fn write(&self, indent: usize) -> String {
        match self {
            Self::Written(text) => text.clone(),
            Self::List(elements) => {
                let inner: Vec<String> = elements.iter().map(|element| element.write(indent + 2)).collect();
                let short = format!("[{}]", inner.join(", "));
                if short.len() <= SHORT && !short.contains('\n') {
                    return short;
                }
                let lines = inner.iter().map(|line| format!("{:1$}{line},\n", "", indent + 2));
                format!("[\n{}{:indent$}]", lines.collect::<String>(), "")
            }
            Self::Object(members) if members.is_empty() => "{}".to_owned(),
            Self::Object(members) => {
                let members: Vec<(String, &Self)> =
                    members.iter().map(|(name, value)| (key(name), value)).collect();
                format!("{{\n{}{:indent$}}}", assignments(&members, indent + 2), "")
            }
            Self::Call(function, argument) => format!("{function}({})", argument.write(indent)),
        }
    }
}

/// Writes a block with labels.
pub(super) fn block(header: &str, arguments: &[(String, Expression)]) -> String {
    let arguments: Vec<(String, &Expression)> =
        arguments.iter().map(|(name, value)| (name.clone(), value)).collect();
    format!("{header} {{\n{}}}\n", assignments(&arguments, 2))
}

/// Writes one assignment per line. Neighbors on one line each have their values below each other.
fn assignments(members: &[(String, &Expression)], indent: usize) -> String {
    let written: Vec<(&str, String)> =
        members.iter().map(|(name, value)| (name.as_str(), value.write(indent))).collect();
    let mut text = String::new();
    for group in written.chunk_by(|(_, one), (_, other)| !one.contains('\n') && !other.contains('\n')) {
        let width = group.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
        for (name, value) in group {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{:indent$}{name:width$} = {value}", "");
        }
    }
    text
}

/// Returns a key of an object: a name, or a quoted string.
fn key(name: &str) -> String {
    if is_name(name) { name.to_owned() } else { quoted(name) }
}

/// Returns whether a string is a name that every host reads as such.
pub(super) fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    let is_start = |first: char| first.is_ascii_alphabetic() || first == '_';
    characters.next().is_some_and(is_start)
        && characters.all(|one| one.is_ascii_alphanumeric() || one == '_' || one == '-')
        && !matches!(text, "true" | "false" | "null" | "for" | "if")
}

/// Returns a quoted string in which nothing is a template.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    let mut rest = text.chars().peekable();
    while let Some(one) = rest.next() {
        match one {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '$' | '%' if rest.peek() == Some(&'{') => {
                quoted.push(one);
                quoted.push(one);
            }
            // Nothing in a name moves the cursor of a terminal or hides text in a review.
            one if one.is_control() || is_invisible(one) => {
                let _ = match u32::from(one) {
                    code @ 0..=0xffff => write!(quoted, "\\u{code:04x}"),
                    code => write!(quoted, "\\U{code:08x}"),
                };
            }
            one => quoted.push(one),
        }
    }
    quoted.push('"');
    quoted
}

/// Returns whether a character changes the order of text or has no width.
fn is_invisible(one: char) -> bool {
    matches!(one, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_templates_and_control_characters_are_escaped() {
        for (text, expected) in [
            ("plain", r#""plain""#),
            (r#"a "b" \c"#, r#""a \"b\" \\c""#),
            ("${x} %{if} $x 5%", r#""$${x} %%{if} $x 5%""#),
            ("$${x}", r#""$$${x}""#),
            ("a\nb\tc\r", r#""a\nb\tc\r""#),
            ("é 模型 \u{1f600}", "\"é 模型 \u{1f600}\""),
            ("\u{1b}[2J\u{202e}", r#""\u001b[2J\u202e""#),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }

    #[test]
    fn values_of_neighbors_are_aligned_and_long_values_take_several_lines() {
        let written = |text: &str| Expression::Written(text.to_owned());
        let arguments = [
            ("a".to_owned(), written("1")),
            ("long".to_owned(), written("x.y.id")),
            ("tags".to_owned(), Expression::List(vec![Expression::string("a"), Expression::string("b")])),
            (
                "map".to_owned(),
                Expression::Object(vec![
                    ("key".to_owned(), written("true")),
                    ("two words".to_owned(), Expression::Object(Vec::new())),
                    ("many".to_owned(), Expression::List(vec![Expression::string(&"x".repeat(60))])),
                ]),
            ),
            (
                "z".to_owned(),
                Expression::Call(
                    "jsonencode",
                    Box::new(Expression::Object(vec![("k".to_owned(), written("null"))])),
                ),
            ),
        ];
        let expected = format!(
            r#"resource "a" "b" {{
  a    = 1
  long = x.y.id
  tags = ["a", "b"]
  map = {{
    key         = true
    "two words" = {{}}
    many = [
      "{}",
    ]
  }}
  z = jsonencode({{
    k = null
  }})
}}
"#,
            "x".repeat(60)
        );
        assert_eq!(block("resource \"a\" \"b\"", &arguments), expected);
    }
}
