//! Endpoints as constants: the client calls them and the server serves them, so they always agree.

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec::{CodecError, decode_json, whole};
use crate::path::{PathParams, fill};
use crate::{query, sensitive};

/// HTTP methods that both APIs use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates or executes.
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

/// The encoding of a request body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BodyKind {
    /// JSON. A body that serializes to `null`, such as `()` or `None`, is not sent.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
}

impl BodyKind {
    /// Returns the media type of a body of this kind.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Form => "application/x-www-form-urlencoded",
        }
    }
}

/// An endpoint without its types, for routing tables, identity tables and log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    /// HTTP method.
    pub method: Method,
    /// Path under the API's base, with parameters in braces: `/teams/{team_id}`.
    pub template: &'static str,
    /// Older paths of the same endpoint, with the same parameters in the same order.
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

/// An endpoint of an API, with the types of its request and its response.
///
/// `Path` are the parameters of the path ([`PathParams`]): `()`, one parameter or a tuple in the order of the
/// template. `Query` is a flat struct (see [`query`]) or `()`. A `Body` of `()` sends nothing. An `Answer` of `()`
/// ignores the response; any body is then accepted.
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

    /// An endpoint that creates or executes.
    #[must_use]
    pub const fn post(template: &'static str) -> Self {
        Self::new(Method::Post, template)
    }

    /// An endpoint that replaces or updates.
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

    /// Returns the same endpoint with a form as its body.
    #[must_use]
    pub const fn form(mut self) -> Self {
        self.route.body = BodyKind::Form;
        self
    }

    /// Returns the same endpoint, also served under older paths. Clients use the template.
    #[must_use]
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.route.aliases = aliases;
        self
    }

    /// Returns the endpoint without its types.
    #[must_use]
    pub const fn route(&self) -> Route {
        self.route
    }
}

/// An encoded request, without headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// HTTP method.
    pub method: Method,
    /// Path under the API's base, percent-encoded.
    pub path: String,
    /// Query without the question mark, percent-encoded; empty if there is none.
    pub query: String,
    /// Body and its kind, or `None` if nothing is sent.
    pub body: Option<(BodyKind, crate::Sensitive<Vec<u8>>)>,
    /// All secrets in query and body, to mask in responses.
    pub secrets: crate::Sensitive<Vec<String>>,
}

impl<P: PathParams, Q: Serialize, B: Serialize, A> Endpoint<P, Q, B, A> {
    /// Returns the request for these parameters.
    ///
    /// # Errors
    /// If a parameter is not allowed in a path. Any other error is a bug of the types: `Query` (or a form) is not
    /// flat, or a value has no JSON form.
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
    /// Decodes a query string, as a server does.
    pub fn decode_query(&self, text: &str) -> Result<Q, CodecError> {
        query::from_str(text)
    }

    /// Decodes the body of a request, as a server does. An empty body means `null`; a `Body` of `()` accepts
    /// anything.
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
    /// Decodes the body of a response. An empty body means `null`; an `Answer` of `()` accepts anything.
    pub fn decode_answer(&self, bytes: &[u8]) -> Result<A, CodecError> {
        decode_json(bytes)
    }

    /// Decodes the body of a response. Also returns the secrets in it, to mask in later responses.
    pub fn decode_answer_noting(
        &self,
        bytes: &[u8],
    ) -> (Result<A, CodecError>, crate::Sensitive<Vec<String>>) {
        let (answer, secrets) = sensitive::noted(|| decode_json(bytes));
        (answer, crate::Sensitive::new(secrets))
    }
}
