//! Reading the body of a request, as the web framework of real servers does.

use std::any::TypeId;
use std::borrow::Cow;

use http::StatusCode;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use zenml_api::error::ErrorAnswer;
use zenml_api::{BodyKind, CodecError, Endpoint, Method, PathParams};

use super::issue::in_document;
use super::limit;
use crate::error::{Error, Issue, Plane};

/// Why a body cannot be read.
pub(super) enum Unreadable {
    /// It is invalid; other parts of the request may be invalid, too.
    Wrong(Issue),
    /// The real server stops here.
    Fatal(Error),
}

/// Workspace requests whose members are read before the type of the body is checked. The real server fails if the
/// body is not an object.
const TRUSTING: [(Method, &str); 1] = [(Method::Post, "/projects")];

/// Reads a body.
pub(super) fn read<P, Q, B, A>(
    plane: Plane,
    endpoint: &Endpoint<P, Q, B, A>,
    media_type: Option<&str>,
    body: &[u8],
) -> Result<B, Unreadable>
where
    P: PathParams,
    Q: DeserializeOwned + 'static,
    B: DeserializeOwned + 'static,
{
    let route = endpoint.route();
    let decode = |body: &[u8]| {
        endpoint.decode_body(body).map_err(|error| Unreadable::Wrong(in_document("body", &error)))
    };
    if route.body != BodyKind::Json || body.is_empty() || TypeId::of::<B>() == TypeId::of::<()>() {
        return decode(body);
    }
    // Python's decoder accepts a byte order mark.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    // The control plane is not known to check the media type.
    let is_text = plane == Plane::Workspace && !is_json(media_type);
    if !is_text && let Err(error) = serde_json::from_slice::<IgnoredAny>(body) {
        let at = position(body, &error).to_string();
        return Err(Unreadable::Wrong(Issue::of_kind(&["body", &at], "json_invalid")));
    }
    if !is_text && let Err(issue) = limit::check_json(plane, body) {
        return Err(Unreadable::Wrong(issue));
    }
    let first = body.trim_ascii_start().first();
    let is_object = first == Some(&b'{') || first == Some(&b'n');
    let takes_list = endpoint.decode_body(b"{}").is_err_and(|error| wants_list(&error));
    if !takes_list && (is_text || !is_object) {
        return Err(if plane == Plane::Workspace && TRUSTING.contains(&(route.method, route.template)) {
            Unreadable::Fatal(unexpected())
        } else {
            Unreadable::Wrong(Issue::of_kind(&["body"], "model_attributes_type"))
        });
    }
    decode(&without_repetitions(body))
}

/// The error of a real server for input that it does not expect.
fn unexpected() -> Error {
    Error::exact(StatusCode::INTERNAL_SERVER_ERROR, ErrorAnswer::text("An unexpected error occurred."))
}

/// `application/json` and `application/anything+json`, with or without parameters.
fn is_json(media_type: Option<&str>) -> bool {
    let named =
        media_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    named.strip_prefix("application/").is_some_and(|kind| kind == "json" || kind.ends_with("+json"))
}

/// The position where Python's decoder stops, in characters from the start.
fn position(body: &[u8], error: &serde_json::Error) -> usize {
    let text = String::from_utf8_lossy(body);
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    // The position of an unexpected character is counted from 1; the position of the end is the length.
    let within = if error.is_eof() { error.column() } else { error.column().saturating_sub(1) };
    let until = text.get(..before + within).unwrap_or(&text);
    // A word is rejected as a whole.
    let until =
        if error.is_eof() { until } else { until.trim_end_matches(|c: char| c.is_ascii_alphabetic()) };
    until.chars().count()
}

/// Keeps the last of the members with the same name, as Python does.
fn without_repetitions(body: &[u8]) -> Cow<'_, [u8]> {
    let read = serde_json::from_slice::<Value>(body).and_then(|value| serde_json::to_vec(&value));
    read.map_or(Cow::Borrowed(body), Cow::Owned)
}

fn wants_list(error: &CodecError) -> bool {
    error.message.contains("expected a sequence") || error.message.contains("expected tuple")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_json_is_rejected_at_the_position_where_python_stops() {
        for (body, expected) in [
            ("{", 1),
            ("not json", 0),
            ("{}x", 2),
            ("{\"a\":}", 5),
            ("{\"ü\" 1}", 5),
            ("{\n\"a\":1,\n b}", 10),
        ] {
            let error = serde_json::from_str::<IgnoredAny>(body).unwrap_err();
            assert_eq!(position(body.as_bytes(), &error), expected, "{body}");
        }
    }

    #[test]
    fn json_is_recognized_by_its_media_type() {
        for (media_type, expected) in [
            (Some("application/json"), true),
            (Some("Application/JSON; charset=utf-8"), true),
            (Some("application/vnd.api+json"), true),
            (Some("text/plain"), false),
            (Some("application/x-www-form-urlencoded"), false),
            (Some(""), false),
            (None, false),
        ] {
            assert_eq!(is_json(media_type), expected, "{media_type:?}");
        }
    }

    #[test]
    fn the_last_of_duplicate_members_counts() {
        assert_eq!(&*without_repetitions(br#"{"a":1,"a":2}"#), br#"{"a":2}"#);
        assert_eq!(&*without_repetitions(b"{"), b"{");
    }
}
