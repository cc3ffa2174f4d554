//! Successful responses, before and after decoding.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use zenml_api::{CodecError, Endpoint, Sensitive};

use crate::error::{ApiError, Call};
use crate::transport::HttpResponse;
use crate::wire::{Outgoing, Wire};

/// A successful response that is not decoded yet.
pub(crate) struct Answer {
    pub(crate) body: Bytes,
    pub(crate) call: Call,
    /// The secrets of the request.
    secrets: Sensitive<Vec<String>>,
}

impl Answer {
    /// Creates it from the response.
    pub(crate) fn new(wire: &Wire, outgoing: &Outgoing<'_>, response: HttpResponse) -> Self {
        let mut call = wire.call(outgoing, 1);
        call.status = Some(response.status.as_u16());
        Self { body: response.body, call, secrets: outgoing.request.secrets.clone() }
    }

    /// Decodes it. All calls of all endpoints pass through here, so the secrets of all responses are remembered.
    pub(crate) fn read<P, Q, B, A: DeserializeOwned + 'static>(
        &self,
        wire: &Wire,
        endpoint: &Endpoint<P, Q, B, A>,
    ) -> Result<A, ApiError> {
        let (read, secrets) = endpoint.decode_answer_noting(&self.body);
        wire.shared.remember(secrets.expose());
        read.map_err(|cause| self.unreadable(wire, &cause))
    }

    /// Returns the error of a successful response that cannot be decoded.
    pub(crate) fn unreadable(&self, wire: &Wire, cause: &CodecError) -> ApiError {
        let hide = |text: &str| wire.shared.hide(text, self.secrets.expose());
        let cause = CodecError { path: hide(&cause.path), message: hide(&cause.message) };
        ApiError::Decode { call: Box::new(self.call.clone()), cause }
    }
}
