//! The lifetime of the process, and how it ends.

use std::time::Duration;

use tonic::codegen::tokio_stream;

use crate::generated::health::HealthCheckRequest;
use crate::generated::health::health_check_response::ServingStatus;
use crate::generated::health::health_client::HealthClient;
use crate::generated::plugin::grpc_broker_client::GrpcBrokerClient;
use crate::generated::plugin::grpc_stdio_client::GrpcStdioClient;
use crate::generated::provider::{get_metadata, stop_provider};
use crate::host::Provider;

#[tokio::test]
async fn the_host_ends_the_process_at_once() {
    let provider = Provider::start(&[]);
    let socket = provider.part(3).to_owned();
    let channel = provider.connect().await;
    // As hosts do, with both streams open.
    let mut stdio = GrpcStdioClient::new(channel.clone()).stream_stdio(()).await.unwrap().into_inner();
    let mut broker = GrpcBrokerClient::new(channel.clone());
    let mut broker = broker.start_stream(tokio_stream::pending()).await.unwrap().into_inner();
    let ended = provider.shut_down(channel).await;
    assert!(ended.status.success());
    assert!(ended.took < Duration::from_millis(500), "{:?}", ended.took);
    assert_eq!(ended.stdout, "", "nothing may follow the handshake line");
    assert_eq!(ended.stderr, "", "without a log level the provider is silent");
    assert!(stdio.message().await.unwrap().is_none(), "the stream ends without an error");
    assert!(broker.message().await.unwrap().is_none(), "the stream ends without an error");
    assert!(!std::path::Path::new(&socket).exists(), "the socket file is left behind");
}

#[tokio::test]
async fn a_stopped_provider_keeps_serving() {
    let provider = Provider::start(&[]);
    let channel = provider.connect().await;
    let stopped = channel.provider().stop_provider(stop_provider::Request {}).await.unwrap().into_inner();
    assert_eq!(stopped.error, "");
    channel.provider().get_metadata(get_metadata::Request {}).await.unwrap();
}

#[tokio::test]
async fn health_is_reported_only_for_the_plugin() {
    let provider = Provider::start(&[]);
    let mut health = HealthClient::new(provider.connect().await);
    for service in ["plugin", ""] {
        let answer = health.check(HealthCheckRequest { service: service.into() }).await.unwrap();
        assert_eq!(answer.into_inner().status(), ServingStatus::Serving);
    }
    let unknown = health.check(HealthCheckRequest { service: "other".into() }).await.unwrap_err();
    assert_eq!(unknown.code(), tonic::Code::NotFound);
    let mut watch = health.watch(HealthCheckRequest { service: "plugin".into() }).await.unwrap().into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
}

#[cfg(unix)]
mod signals {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};
    use std::sync::mpsc;

    use super::*;
    use crate::host::{COOKIE, VERSIONS, example};

    #[tokio::test]
    async fn an_interrupt_is_left_to_the_host() {
        let provider = Provider::start(&[]);
        let channel = provider.connect().await;
        provider.send("-INT");
        for _ in 0..3 {
            channel.provider().get_metadata(get_metadata::Request {}).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_signal_to_end_ends_the_process_gracefully() {
        for signal in ["-TERM", "-HUP", "-QUIT"] {
            let mut provider = Provider::start(&[]);
            let socket = provider.part(3).to_owned();
            provider.send(signal);
            assert!(provider.wait(Duration::from_secs(5)).await.success(), "{signal}");
            assert!(!std::path::Path::new(&socket).exists(), "{signal}: the socket file is left behind");
        }
    }

    #[test]
    fn a_process_whose_host_died_ends_by_itself() {
        let mut host = Command::new("sh");
        host.args(["-c", r#""$0" & wait"#]).arg(example());
        host.env_clear().envs([COOKIE, VERSIONS]).stdin(Stdio::null());
        host.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut host = host.spawn().unwrap();
        let mut stdout = BufReader::new(host.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert!(line.starts_with("1|6|unix|"), "{line}");
        host.kill().unwrap();
        host.wait().unwrap();
        // The provider holds the other end of the pipe until it ends.
        let (ended, end) = mpsc::channel();
        std::thread::spawn(move || ended.send(stdout.read_line(&mut String::new())));
        let rest = end.recv_timeout(Duration::from_secs(20)).expect("the provider outlives its host");
        assert_eq!(rest.unwrap(), 0, "nothing may follow the handshake line");
    }
}
