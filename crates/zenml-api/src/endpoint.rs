//! An endpoint as a constant: the client calls it and the server serves it, so the two cannot disagree.

use std::any::TypeId;
use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::path::{PathParams, fill};
use crate::{query, sensitive};

/// HTTP methods that both APIs use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates, or does.
    Post,
    /// Replaces or changes.
    Put,
    /// Changes.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// The method as HTTP spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a request's body is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BodyKind {
    /// JSON. A body that serializes to `null`, like `()` or `None`, is not sent at all.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
}

impl BodyKind {
    /// The media type of a body of this kind.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Form => "application/x-www-form-urlencoded",
        }
    }
}

/// An endpoint without its types: what a routing table, an identity table or a log line needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    /// HTTP method.
    pub method: Method,
    /// Path below the API's base, with parameters in braces: `/teams/{team_id}`.
    pub template: &'static str,
    /// Older paths that mean the same; the parameters are the same, in the same order.
    pub aliases: &'static [&'static str],
    /// Encoding of the request's body.
    pub body: BodyKind,
}

impl Route {
    /// The template and its aliases.
    pub fn templates(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.template).chain(self.aliases.iter().copied())
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.template)
    }
}

/// One call of an API: where it goes and what goes in and out.
///
/// `Path` are the parameters of the path ([`PathParams`]): `()`, one parameter or a tuple in the template's
/// order. `Query` is a flat struct (see [`query`]) or `()`. A `Body` of `()` sends nothing. An `Answer` of
/// `()` says that nothing in the answer is of use; any body is then accepted.
pub struct Endpoint<Path, Query, Body, Answer> {
    route: Route,
    types: PhantomData<fn(Path, Query, Body) -> Answer>,
}

impl<P, Q, B, A> Clone for Endpoint<P, Q, B, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P, Q, B, A> Copy for Endpoint<P, Q, B, A> {}

impl<P, Q, B, A> fmt::Debug for Endpoint<P, Q, B, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({})", self.route)
    }
}

impl<P, Q, B, A> Endpoint<P, Q, B, A> {
    const fn new(method: Method, template: &'static str) -> Self {
        Self { route: Route { method, template, aliases: &[], body: BodyKind::Json }, types: PhantomData }
    }

    /// An endpoint that reads.
    #[must_use]
    pub const fn get(template: &'static str) -> Self {
        Self::new(Method::Get, template)
    }

    /// An endpoint that creates or does.
    #[must_use]
    pub const fn post(template: &'static str) -> Self {
        Self::new(Method::Post, template)
    }

    /// An endpoint that replaces or changes.
    #[must_use]
    pub const fn put(template: &'static str) -> Self {
        Self::new(Method::Put, template)
    }

    /// An endpoint that changes.
    #[must_use]
    pub const fn patch(template: &'static str) -> Self {
        Self::new(Method::Patch, template)
    }

    /// An endpoint that removes.
    #[must_use]
    pub const fn delete(template: &'static str) -> Self {
        Self::new(Method::Delete, template)
    }

    /// The same endpoint with a form as its body.
    #[must_use]
    pub const fn form(mut self) -> Self {
        self.route.body = BodyKind::Form;
        self
    }

    /// The same endpoint, served under older paths too. Clients use the template.
    #[must_use]
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.route.aliases = aliases;
        self
    }

    /// The endpoint without its types.
    #[must_use]
    pub const fn route(&self) -> Route {
        self.route
    }
}

/// A request as it goes over the wire, without headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// HTTP method.
    pub method: Method,
    /// Path below the API's base, percent-encoded.
    pub path: String,
    /// Query without the question mark, percent-encoded; empty if there is none.
    pub query: String,
    /// Body and its kind, or `None` when nothing is sent.
    pub body: Option<(BodyKind, crate::Sensitive<Vec<u8>>)>,
    /// All that is secret in query and body. No answer may be shown with it.
    pub secrets: crate::Sensitive<Vec<String>>,
}

/// A request or an answer that could not be encoded or decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecError {
    /// Where in the document: `members[2].user.id`, or empty for the whole of it.
    pub path: String,
    /// What is wrong there. Never repeats a value of the document.
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

impl<P: PathParams, Q: Serialize, B: Serialize, A> Endpoint<P, Q, B, A> {
    /// The request for these parameters.
    ///
    /// # Errors
    /// When a parameter cannot stand in a path. Otherwise it is a bug of the type: `Query` (or a form) is not flat,
    /// or a value has no JSON form.
    pub fn request(&self, path: &P, query: &Q, body: &B) -> Result<Request, CodecError> {
        let Route { method, template, body: kind, .. } = self.route;
        let (written, secrets) = sensitive::noted(|| {
            let bytes = match kind {
                BodyKind::Json => serde_json::to_vec(body).map_err(|error| whole(&error))?,
                BodyKind::Form => query::to_string(body)?.into_bytes(),
            };
            Ok((bytes, query::to_string(query)?))
        });
        let (bytes, query) = written?;
        let nothing = match kind {
            BodyKind::Json => bytes == b"null",
            BodyKind::Form => bytes.is_empty(),
        };
        Ok(Request {
            method,
            path: fill(template, path).map_err(|error| whole(&error))?,
            query,
            body: (!nothing).then(|| (kind, crate::Sensitive::new(bytes))),
            secrets: crate::Sensitive::new(secrets),
        })
    }
}

impl<P, Q: DeserializeOwned + 'static, B: DeserializeOwned + 'static, A> Endpoint<P, Q, B, A> {
    /// Reads a query string, as a server does.
    pub fn decode_query(&self, text: &str) -> Result<Q, CodecError> {
        query::from_str(text)
    }

    /// Reads a request's body, as a server does. An empty body means `null`; a `Body` of `()` takes anything.
    pub fn decode_body(&self, bytes: &[u8]) -> Result<B, CodecError> {
        match self.route.body {
            BodyKind::Json => decode_json(bytes),
            BodyKind::Form => match std::str::from_utf8(bytes) {
                Ok(text) => query::from_str(text),
                Err(error) => Err(whole(&error)),
            },
        }
    }
}

impl<P, Q, B, A: DeserializeOwned + 'static> Endpoint<P, Q, B, A> {
    /// Reads an answer's body. An empty body means `null`; an `Answer` of `()` takes anything.
    pub fn decode_answer(&self, bytes: &[u8]) -> Result<A, CodecError> {
        decode_json(bytes)
    }

    /// The same, and all that was read as secret: no later answer may be shown with it.
    pub fn decode_answer_noting(
        &self,
        bytes: &[u8],
    ) -> (Result<A, CodecError>, crate::Sensitive<Vec<String>>) {
        let (answer, secrets) = sensitive::noted(|| decode_json(bytes));
        (answer, crate::Sensitive::new(secrets))
    }
}

/// Decodes JSON and names the place of the first thing that does not fit.
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

/// serde repeats the value that it did not expect (`invalid type: string "hunter2", expected …`), and any
/// value may be a secret; the kind of the value is enough.
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
