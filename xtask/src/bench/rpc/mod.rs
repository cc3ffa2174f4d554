//! Calls to a provider process: gRPC over HTTP/2, as far as the measurements need it.

pub(super) mod messages;

use bytes::{Buf as _, Bytes, BytesMut};
use h2::RecvStream;
use h2::client::SendRequest;
use http::HeaderMap;
use prost::Message;
use tokio::net::UnixStream;

use crate::Failure;

/// Length of the head of a message: a byte for compression, and four bytes for the length of the rest.
const HEAD: usize = 5;

/// A connection to a provider. Calls can run at the same time.
#[derive(Debug)]
pub(super) struct Connection(SendRequest<Bytes>);

impl Connection {
    /// Connects to a socket file. `window` is the number of bytes of a stream that the provider may send ahead.
    pub(super) async fn open(socket: &str, window: u32) -> Result<Self, Failure> {
        let failure =
            |why: &dyn std::fmt::Display| Failure::new(format!("cannot connect to {socket}: {why}"));
        let stream = UnixStream::connect(socket).await.map_err(|error| failure(&error))?;
        let (client, connection) = h2::client::Builder::new()
            .initial_window_size(window)
            .initial_connection_window_size(window)
            .handshake(stream)
            .await
            .map_err(|error| failure(&error))?;
        #[expect(clippy::disallowed_methods, reason = "the task ends with its connection")]
        tokio::spawn(connection);
        Ok(Self(client))
    }

    /// Makes a call with one response.
    pub(super) async fn call<A: Message + Default>(
        &self,
        rpc: &str,
        request: &impl Message,
    ) -> Result<A, Failure> {
        let response = self.responses(rpc, request).await?.next_as().await?;
        response.ok_or_else(|| Failure::new(format!("{rpc} returned nothing")))
    }

    /// Starts a call, whose responses are then read one by one.
    pub(super) async fn responses(&self, rpc: &str, request: &impl Message) -> Result<Responses, Failure> {
        let failed = |error: h2::Error| Failure::new(format!("{rpc} failed: {error}"));
        let mut client = self.0.clone().ready().await.map_err(failed)?;
        let head = http::Request::post(format!("http://localhost/tfplugin6.Provider/{rpc}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(())
            .map_err(|error| Failure::new(format!("{rpc} is not an RPC: {error}")))?;
        let (response, mut body) = client.send_request(head, false).map_err(failed)?;
        body.send_data(framed(request)?, true).map_err(failed)?;
        let response = response.await.map_err(failed)?;
        // A call that fails at once has no body, and its status is in the head.
        if response.headers().contains_key("grpc-status") {
            status(rpc, Some(response.headers()))?;
        }
        Ok(Responses { rpc: rpc.to_owned(), body: response.into_body(), received: BytesMut::new() })
    }
}

/// The responses of a call.
#[derive(Debug)]
pub(super) struct Responses {
    rpc: String,
    body: RecvStream,
    /// What is not yet a complete message.
    received: BytesMut,
}

impl Responses {
    /// Waits for the next response; `None` if the call has ended with success.
    pub(super) async fn next_as<A: Message + Default>(&mut self) -> Result<Option<A>, Failure> {
        let decoded = self.next().await?.map(A::decode).transpose();
        decoded.map_err(|error| Failure::new(format!("cannot decode a response of {}: {error}", self.rpc)))
    }

    /// Waits for the next response, undecoded; `None` if the call has ended with success.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        let failed = |error: h2::Error| Failure::new(format!("{} failed: {error}", self.rpc));
        loop {
            if let Some(message) = unframed(&mut self.received) {
                return Ok(Some(message));
            }
            let Some(data) = self.body.data().await else {
                status(&self.rpc, self.body.trailers().await.map_err(failed)?.as_ref())?;
                return Ok(None);
            };
            let data = data.map_err(failed)?;
            self.body.flow_control().release_capacity(data.len()).map_err(failed)?;
            self.received.extend_from_slice(&data);
        }
    }
}

/// Returns a message with its head, not compressed.
fn framed(message: &impl Message) -> Result<Bytes, Failure> {
    let content = message.encode_to_vec();
    let length = u32::try_from(content.len()).map_err(|_| Failure::new("a request is longer than 4 GiB"))?;
    Ok([&[0], &length.to_be_bytes()[..], &content].concat().into())
}

/// Takes the first message, if it is complete.
fn unframed(received: &mut BytesMut) -> Option<Bytes> {
    let length = received.get(1..HEAD)?.try_into().map(u32::from_be_bytes).ok()?;
    let length = usize::try_from(length).ok()?;
    if received.len() - HEAD < length {
        return None;
    }
    received.advance(HEAD);
    Some(received.split_to(length).freeze())
}

/// Checks the status at the end of a call.
fn status(rpc: &str, trailers: Option<&HeaderMap>) -> Result<(), Failure> {
    let text = |name| trailers.and_then(|all| all.get(name)).and_then(|value| value.to_str().ok());
    match text("grpc-status") {
        Some("0") => Ok(()),
        status => {
            let message = text("grpc-message").unwrap_or("no message");
            Err(Failure::new(format!("{rpc} ended with status {status:?}: {message}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::messages::Configured;
    use super::*;

    #[test]
    fn messages_are_taken_when_they_are_complete() {
        let response = messages::Event { display_name: "a".to_owned(), ..messages::Event::default() };
        let both = [framed(&response).unwrap(), framed(&Configured::default()).unwrap()].concat();
        for split in 0..both.len() {
            let mut received = BytesMut::from(&both[..split]);
            let mut taken = Vec::from_iter(unframed(&mut received));
            received.extend_from_slice(&both[split..]);
            taken.extend(std::iter::from_fn(|| unframed(&mut received)));
            assert_eq!(taken, [response.encode_to_vec(), Vec::new()], "{split}");
        }
    }

    #[test]
    fn a_call_without_a_status_has_failed() {
        let trailers = |status: &'static str| {
            HeaderMap::from_iter([("grpc-status".parse().unwrap(), http::HeaderValue::from_static(status))])
        };
        assert!(status("Plan", Some(&trailers("0"))).is_ok());
        for failed in [None, Some(&HeaderMap::new()), Some(&trailers("14"))] {
            assert!(status("Plan", failed).is_err(), "{failed:?}");
        }
    }
}
