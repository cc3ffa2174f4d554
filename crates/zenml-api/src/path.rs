//! Parameters of a path.

use std::fmt;

use crate::id::{IdOrName, Identifier};

/// One parameter of a path.
pub trait PathParam: Sized {
    /// The OpenAPI format of the string, if it has one.
    const FORMAT: Option<&'static str> = None;

    /// Returns the parameter as a string, before percent-encoding.
    fn to_text(&self) -> String;

    /// Parses the parameter from a percent-decoded string.
    fn from_text(text: &str) -> Result<Self, InvalidPath>;
}

/// A path parameter that does not fit its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPath(pub String);

impl fmt::Display for InvalidPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidPath {}

impl<I: Identifier> PathParam for I {
    const FORMAT: Option<&'static str> = Some("uuid");

    fn to_text(&self) -> String {
        self.to_string()
    }

    fn from_text(text: &str) -> Result<Self, InvalidPath> {
        text.parse().map_err(|error: crate::id::InvalidId| InvalidPath(error.to_string()))
    }
}

impl<I: Identifier> PathParam for IdOrName<I> {
    fn to_text(&self) -> String {
        self.to_string()
    }

    fn from_text(text: &str) -> Result<Self, InvalidPath> {
        Ok(Self::parse(text))
    }
}

impl PathParam for String {
    fn to_text(&self) -> String {
        self.clone()
    }

    fn from_text(text: &str) -> Result<Self, InvalidPath> {
        Ok(text.to_owned())
    }
}

/// All parameters of a path, in the order of the template.
pub trait PathParams: Sized {
    /// How many there are.
    const COUNT: usize;

    /// [`PathParam::FORMAT`] of each.
    const FORMATS: &'static [Option<&'static str>];

    /// Returns the parameters as strings, before percent-encoding.
    fn to_texts(&self) -> Vec<String>;

    /// Parses the parameters from percent-decoded strings. A wrong number of strings is an error.
    fn from_texts(texts: &[&str]) -> Result<Self, InvalidPath>;
}

impl PathParams for () {
    const COUNT: usize = 0;
    const FORMATS: &'static [Option<&'static str>] = &[];

    fn to_texts(&self) -> Vec<String> {
        Vec::new()
    }

    fn from_texts(texts: &[&str]) -> Result<Self, InvalidPath> {
        match texts {
            [] => Ok(()),
            _ => Err(wrong_count(0, texts.len())),
        }
    }
}

impl<A: PathParam> PathParams for A {
    const COUNT: usize = 1;
    const FORMATS: &'static [Option<&'static str>] = &[A::FORMAT];

    fn to_texts(&self) -> Vec<String> {
        vec![self.to_text()]
    }

    fn from_texts(texts: &[&str]) -> Result<Self, InvalidPath> {
        match texts {
            [a] => A::from_text(a),
            _ => Err(wrong_count(1, texts.len())),
        }
    }
}

impl<A: PathParam, B: PathParam> PathParams for (A, B) {
    const COUNT: usize = 2;
    const FORMATS: &'static [Option<&'static str>] = &[A::FORMAT, B::FORMAT];

    fn to_texts(&self) -> Vec<String> {
        vec![self.0.to_text(), self.1.to_text()]
    }

    fn from_texts(texts: &[&str]) -> Result<Self, InvalidPath> {
        match texts {
            [a, b] => Ok((A::from_text(a)?, B::from_text(b)?)),
            _ => Err(wrong_count(2, texts.len())),
        }
    }
}

impl<A: PathParam, B: PathParam, C: PathParam> PathParams for (A, B, C) {
    const COUNT: usize = 3;
    const FORMATS: &'static [Option<&'static str>] = &[A::FORMAT, B::FORMAT, C::FORMAT];

    fn to_texts(&self) -> Vec<String> {
        vec![self.0.to_text(), self.1.to_text(), self.2.to_text()]
    }

    fn from_texts(texts: &[&str]) -> Result<Self, InvalidPath> {
        match texts {
            [a, b, c] => Ok((A::from_text(a)?, B::from_text(b)?, C::from_text(c)?)),
            _ => Err(wrong_count(3, texts.len())),
        }
    }
}

fn wrong_count(expected: usize, given: usize) -> InvalidPath {
    InvalidPath(format!("the path has {given} parameters, expected {expected}"))
}

/// Inserts the percent-encoded parameters into the template.
///
/// # Errors
/// If a parameter cannot be a segment of a path: it is empty, or `.` or `..`.
///
/// # Panics
/// If the template has another number of parameters than the type. A test over all endpoints rules that out.
pub(crate) fn fill<P: PathParams>(template: &str, params: &P) -> Result<String, InvalidPath> {
    let texts = params.to_texts();
    let mut texts = texts.iter();
    let mut path = String::with_capacity(template.len() + 40);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (_, after) = after.split_once('}').expect("a brace in a path template is closed");
        let text = texts.next().expect("a path template has no more parameters than its type");
        path.push_str(before);
        encode_segment(text, &mut path)?;
        rest = after;
    }
    assert!(texts.next().is_none(), "the path template {template} has fewer parameters than its type");
    path.push_str(rest);
    Ok(path)
}

/// Encodes everything except unreserved characters, so that a name can contain slashes, spaces and dots.
fn encode_segment(text: &str, path: &mut String) -> Result<(), InvalidPath> {
    // URL parsers resolve these even if they are percent-encoded.
    if matches!(text, "" | "." | "..") {
        return Err(InvalidPath(format!("{text:?} is not allowed in a path")));
    }
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            path.push('%');
            path.push(char::from(HEX[usize::from(byte >> 4)]));
            path.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::TeamId;

    #[test]
    fn each_parameter_is_encoded_as_one_segment() {
        let cases =
            [("plain", "/x/plain"), ("a b/c", "/x/a%20b%2Fc"), ("é", "/x/%C3%A9"), ("a?b#c", "/x/a%3Fb%23c")];
        for (text, expected) in cases {
            assert_eq!(fill("/x/{name}", &text.to_owned()).unwrap(), expected);
        }
        for text in ["", ".", ".."] {
            assert!(fill("/x/{name}", &text.to_owned()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn tuples_fill_a_template_in_order_and_read_it_back() {
        let team: TeamId = "00000000-0000-4000-8000-000000000001".parse().unwrap();
        let params = (team, "b".to_owned());
        assert_eq!(fill("/t/{a}/m/{b}/x", &params).unwrap(), format!("/t/{team}/m/b/x"));
        assert_eq!(<(TeamId, String)>::from_texts(&[&team.to_string(), "b"]), Ok(params));
    }

    #[test]
    fn the_error_of_a_wrong_parameter_names_what_is_expected() {
        let error = <TeamId as PathParams>::from_texts(&["nobody"]).unwrap_err();
        assert_eq!(error.to_string(), "\"nobody\" is not the id of a team: an id is a UUID");
        assert!(<(TeamId, TeamId)>::from_texts(&["one"]).is_err());
    }
}
