//! Operations of the real API that are not served.

use zenml_api::Method;

/// An operation that is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// HTTP method.
    pub method: Method,
    /// Template below the API's base.
    pub template: &'static str,
    /// The reason.
    pub why: Why,
}

/// Why an operation is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A server of ZenML Pro does not have it either. Like there, the response is that for an unknown route.
    NotInPro,
    /// The response is 501 with this text.
    Because(&'static str),
}
