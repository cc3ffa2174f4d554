//! Decoding, and what went wrong, without the values.

use std::any::TypeId;
use std::fmt;

use serde::de::DeserializeOwned;

/// A request or a response that cannot be encoded or decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecError {
    /// Where in the document: `members[2].user.id`, or empty for the whole document.
    pub path: String,
    /// The problem. Never contains a value of the document.
    pub message: String,
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() || self.path == "." {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.path, self.message)
        }
    }
}

impl std::error::Error for CodecError {}

/// Decodes JSON. The error contains the path of the first value that does not fit.
pub fn decode_json<T: DeserializeOwned + 'static>(bytes: &[u8]) -> Result<T, CodecError> {
    let anything_goes = TypeId::of::<T>() == TypeId::of::<()>();
    let bytes = if anything_goes || bytes.is_empty() { b"null" } else { bytes };
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| CodecError {
        path: error.path().to_string(),
        message: without_values(error.inner()),
    })?;
    deserializer.end().map_err(|error| whole(&error))?;
    Ok(value)
}

pub(crate) fn whole(error: &dyn fmt::Display) -> CodecError {
    CodecError { path: String::new(), message: error.to_string() }
}

/// serde repeats the unexpected value (`invalid type: string "hunter2", expected …`), and any value may be a secret.
/// The kind of the value is enough.
pub(crate) fn without_values(error: &dyn fmt::Display) -> String {
    let text = error.to_string();
    let Some(start) = text.find(['"', '`']) else { return text };
    let quotes_a_value =
        ["invalid type", "invalid value", "unknown variant"].iter().any(|kind| text.starts_with(kind));
    match text.rfind(", expected") {
        Some(end) if quotes_a_value && start < end => format!("{}{}", text[..start].trim_end(), &text[end..]),
        _ => text,
    }
}
