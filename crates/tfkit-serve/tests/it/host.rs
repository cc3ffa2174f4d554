//! A host for the tests: starts a provider process, reads its handshake and connects.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, PKCS_ECDSA_P521_SHA512};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tonic::body::Body;
use tower::Service;

use crate::generated::plugin::Empty;
use crate::generated::plugin::grpc_controller_client::GrpcControllerClient;
use crate::generated::provider::provider_client::ProviderClient;

/// The cookie that hosts set in the environment of a plugin.
pub(crate) const COOKIE: (&str, &str) =
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");
/// The protocol versions that hosts offer.
pub(crate) const VERSIONS: (&str, &str) = ("PLUGIN_PROTOCOL_VERSIONS", "5,6");

/// The example provider, which `cargo test` builds with the tests.
pub(crate) fn example() -> PathBuf {
    example_of("echo")
}

/// Another example provider, which Cargo also builds together with the tests.
pub(crate) fn example_of(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the test knows its own path");
    let target = test.ancestors().nth(2).expect("tests are in target/PROFILE/deps");
    let example = target.join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(example.exists(), "build it first: cargo build --package tfkit-serve --example {name}");
    example
}

/// A command that starts the example with only these variables.
pub(crate) fn command(variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(example());
    command.env_clear().envs(variables.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A certificate with its key, as hosts create them: P-521, and marked as an authority.
pub(crate) struct Identity {
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Identity {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).unwrap();
        let mut parameters = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = parameters.self_signed(&key).unwrap().der().clone();
        Self { certificate, key: key.serialize_der() }
    }

    pub(crate) fn pem(&self) -> String {
        let text = STANDARD.encode(&self.certificate);
        let lines: Vec<_> =
            text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }
}

/// A provider process after its handshake.
pub(crate) struct Provider {
    child: Child,
    /// Contains the socket. It is removed even if the process is killed.
    _sockets: tempfile::TempDir,
    /// The handshake line without its newline.
    pub(crate) line: String,
}

impl Provider {
    /// Starts the example without TLS, with more variables in addition to the usual ones.
    pub(crate) fn start(variables: &[(&str, &str)]) -> Self {
        let sockets = tempfile::tempdir().unwrap();
        let mut all = vec![COOKIE, VERSIONS, ("PLUGIN_UNIX_SOCKET_DIR", sockets.path().to_str().unwrap())];
        all.extend(variables);
        let mut child = command(&all).spawn().unwrap();
        let mut line = String::new();
        // Unbuffered, so that output after the line is not lost.
        let mut stdout = BufReader::with_capacity(1, child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        child.stdout = Some(stdout.into_inner());
        assert!(line.ends_with('\n'), "no handshake: {line:?}, {}", read(child.stderr.take()));
        Self { child, _sockets: sockets, line: line.trim_end().to_owned() }
    }

    /// Sends a signal, such as `-TERM`.
    pub(crate) fn send(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Returns one part of the handshake line.
    pub(crate) fn part(&self, index: usize) -> &str {
        self.line.split('|').nth(index).unwrap_or_default()
    }

    /// Connects without TLS.
    pub(crate) async fn connect(&self) -> Channel {
        Channel::over(self.stream().await).await.unwrap()
    }

    /// Connects with TLS as the owner of `identity`, or without a certificate.
    pub(crate) async fn connect_secure(&self, identity: Option<&Identity>) -> Result<Channel, String> {
        let server = CertificateDer::from(STANDARD_NO_PAD.decode(self.part(5)).unwrap());
        let mut roots = RootCertStore::empty();
        roots.add(server).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match identity {
            Some(identity) => {
                let key = PrivateKeyDer::Pkcs8(identity.key.clone().into());
                config.with_client_auth_cert(vec![identity.certificate.clone()], key).unwrap()
            }
            None => config.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(Arc::new(config))
            .connect(name, self.stream().await)
            .await
            .map_err(|error| error.to_string())?;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        Channel::over(stream).await
    }

    pub(crate) async fn stream(&self) -> Box<dyn ReadWrite> {
        match self.part(2) {
            "unix" => Box::new(UnixStream::connect(self.part(3)).await.unwrap()),
            "tcp" => Box::new(TcpStream::connect(self.part(3)).await.unwrap()),
            other => panic!("unknown network {other:?} in {:?}", self.line),
        }
    }

    /// Asks the process to end, waits for it, and returns how long that took.
    pub(crate) async fn shut_down(mut self, channel: Channel) -> Ended {
        let started = Instant::now();
        GrpcControllerClient::new(channel).shutdown(Empty {}).await.unwrap();
        let status = self.wait(Duration::from_secs(5)).await;
        self.ended(status, started.elapsed())
    }

    /// Waits for the end of the process.
    pub(crate) async fn wait(&mut self, longest: Duration) -> ExitStatus {
        end_within(&mut self.child, longest).await
    }

    fn ended(&mut self, status: ExitStatus, took: Duration) -> Ended {
        Ended { status, took, stdout: read(self.child.stdout.take()), stderr: read(self.child.stderr.take()) }
    }
}

/// Waits for the end of a process.
pub(crate) async fn end(child: &mut Child) -> ExitStatus {
    end_within(child, Duration::from_secs(20)).await
}

async fn end_within(child: &mut Child, longest: Duration) -> ExitStatus {
    let deadline = Instant::now() + longest;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(Instant::now() < deadline, "the provider did not end in {longest:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A provider process that has ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) took: Duration,
    /// Its standard output after the handshake line.
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Returns the lines on stderr as JSON.
    pub(crate) fn log(&self) -> Vec<serde_json::Value> {
        let json = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
        self.stderr.lines().map(json).collect()
    }
}

fn read(pipe: Option<impl Read>) -> String {
    let mut text = String::new();
    if let Some(mut pipe) = pipe {
        pipe.read_to_string(&mut text).unwrap();
    }
    text
}

pub(crate) trait ReadWrite: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> ReadWrite for T {}

/// Connects to a socket file without TLS.
pub(crate) async fn connect_to(socket: &str) -> Channel {
    Channel::over(UnixStream::connect(socket).await.unwrap()).await.unwrap()
}

/// An HTTP/2 connection for generated clients.
#[derive(Clone)]
pub(crate) struct Channel(SendRequest<Body>);

impl Channel {
    async fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Result<Self, String> {
        let (sender, connection) =
            handshake(TokioExecutor::new(), TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        #[expect(clippy::disallowed_methods, reason = "the task ends with its connection")]
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    /// Returns a client of the plugin protocol, with the limits of a host.
    pub(crate) fn provider(&self) -> ProviderClient<Self> {
        let origin = "http://localhost".parse().unwrap();
        ProviderClient::with_origin(self.clone(), origin)
            .max_decoding_message_size(256 << 20)
            .max_encoding_message_size(256 << 20)
    }
}

impl Service<http::Request<Body>> for Channel {
    type Response = http::Response<hyper::body::Incoming>;
    type Error = hyper::Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        // Generated clients without an origin set only a path, which HTTP/2 cannot send.
        if request.uri().authority().is_none() {
            let path = request.uri().path().to_owned();
            *request.uri_mut() = format!("http://localhost{path}").parse().expect("a path makes an address");
        }
        Box::pin(self.0.send_request(request))
    }
}
