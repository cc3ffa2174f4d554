//! The services with which the host manages this process.

use std::pin::Pin;
use std::task::{Context, Poll};

use tonic::codegen::tokio_stream::Stream;
use tonic::codegen::{BoxStream, async_trait};
use tonic::{Request, Response, Status, Streaming};

use super::generated::health::health_check_response::ServingStatus;
use super::generated::health::health_server::Health;
use super::generated::health::{HealthCheckRequest, HealthCheckResponse};
use super::generated::plugin::grpc_broker_server::GrpcBroker;
use super::generated::plugin::grpc_controller_server::GrpcController;
use super::generated::plugin::grpc_stdio_server::GrpcStdio;
use super::generated::plugin::{ConnInfo, Empty, StdioData};
use crate::lifetime::Lifetime;

/// The services that manage the process.
#[derive(Clone)]
pub(crate) struct Process {
    pub(crate) lifetime: Lifetime,
}

#[async_trait]
impl GrpcController for Process {
    /// Ends the process. The response and other running calls still reach the host.
    async fn shutdown(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.lifetime.end();
        Ok(Response::new(Empty {}))
    }
}

#[async_trait]
impl GrpcStdio for Process {
    /// Nothing is ever printed, so the stream is empty. It ends with the process.
    async fn stream_stdio(&self, _: Request<()>) -> Result<Response<BoxStream<StdioData>>, Status> {
        let lifetime = self.lifetime.clone();
        Ok(Open::until(None, async move { lifetime.ended().await }))
    }
}

#[async_trait]
impl GrpcBroker for Process {
    /// Hosts open this stream but never use it with a provider. It ends with the host's half or with the process.
    async fn start_stream(
        &self,
        request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<BoxStream<ConnInfo>>, Status> {
        let lifetime = self.lifetime.clone();
        let mut offers = request.into_inner();
        Ok(Open::until(None, async move {
            let offered = async { while let Ok(Some(_)) = offers.message().await {} };
            tokio::select! {
                () = offered => (),
                () = lifetime.ended() => (),
            }
        }))
    }
}

/// Name under which plugins report their health.
const PLUGIN: &str = "plugin";

/// Returns the health of a service; `None` if there is no such service.
fn health(service: &str) -> Option<HealthCheckResponse> {
    matches!(service, "" | PLUGIN).then(|| HealthCheckResponse { status: ServingStatus::Serving.into() })
}

#[async_trait]
impl Health for Process {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let service = request.into_inner().service;
        health(&service)
            .map(Response::new)
            .ok_or_else(|| Status::not_found(format!("unknown service {service:?}")))
    }

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<BoxStream<HealthCheckResponse>>, Status> {
        let unknown = HealthCheckResponse { status: ServingStatus::ServiceUnknown.into() };
        let now = health(&request.into_inner().service).unwrap_or(unknown);
        let lifetime = self.lifetime.clone();
        Ok(Open::until(Some(now), async move { lifetime.ended().await }))
    }
}

/// A stream that yields at most one item immediately, and stays open until an event.
struct Open<T> {
    first: Option<T>,
    end: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl<T: Send + Unpin + 'static> Open<T> {
    fn until(first: Option<T>, end: impl Future<Output = ()> + Send + 'static) -> Response<BoxStream<T>> {
        Response::new(Box::pin(Self { first, end: Box::pin(end) }))
    }
}

impl<T: Unpin> Stream for Open<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(Ok(first))),
            None => self.end.as_mut().poll(cx).map(|()| None),
        }
    }
}
