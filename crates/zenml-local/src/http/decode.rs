//! Decoding the parts of a request into the parameters of its handler.

use serde::de::DeserializeOwned;
use zenml_api::{Endpoint, PathParams};

use super::body::{self, Unreadable};
use super::issue::in_document;
use crate::error::{Error, Issue, Plane, Result};

/// The parts of a request, as received.
pub(super) struct Received<'a> {
    /// The template that the path fits: that of the endpoint, or an alias.
    pub(super) template: &'a str,
    /// The parameters of the path, in their order.
    pub(super) path: &'a [&'a str],
    pub(super) query: &'a str,
    /// The media type of the body.
    pub(super) media_type: Option<&'a str>,
    pub(super) body: &'a [u8],
}

/// Reads all parameters.
///
/// # Errors
/// 422 with all problems of all parts.
pub(super) fn decode<P, Q, B, A>(
    plane: Plane,
    endpoint: &Endpoint<P, Q, B, A>,
    received: &Received<'_>,
) -> Result<(P, Q, B)>
where
    P: PathParams,
    Q: DeserializeOwned + 'static,
    B: DeserializeOwned + 'static,
{
    let mut issues = Vec::new();
    let path =
        note(P::from_texts(received.path).map_err(|error| in_path(received.template, error)), &mut issues);
    let query = endpoint.decode_query(received.query).map_err(|error| in_document("query", &error));
    let query = note(query, &mut issues);
    let body = match body::read(plane, endpoint, received.media_type, received.body) {
        Ok(body) => Some(body),
        Err(Unreadable::Wrong(issue)) => note(Err(issue), &mut issues),
        Err(Unreadable::Fatal(error)) => return Err(error),
    };
    match (path, query, body) {
        (Some(path), Some(query), Some(body)) => Ok((path, query, body)),
        _ => Err(Error::validation(issues)),
    }
}

fn note<T>(result: Result<T, Issue>, issues: &mut Vec<Issue>) -> Option<T> {
    result.map_err(|issue| issues.push(issue)).ok()
}

/// A parameter that is not an id. It is the first one: the others are ids of the same format or free strings.
fn in_path(template: &str, error: zenml_api::InvalidPath) -> Issue {
    let name =
        template.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map_or("", |(name, _)| name);
    Issue::new(&["path", name], "uuid_parsing", error.0)
}
