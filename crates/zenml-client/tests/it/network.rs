//! The real transport, over loopback.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use zenml_api::control::team;
use zenml_client::transport::TransportErrorKind as Kind;
use zenml_client::{
    Address, ApiError, Client, Credential, HttpSettings, RetryPolicy, Settings, SettingsError,
};

use crate::script::ID;

const SOON: Duration = Duration::from_millis(1);

fn client(port: u16, scheme: &str) -> Client {
    let retry = RetryPolicy { attempts: 2, first_wait: SOON, longest_wait: SOON, ..RetryPolicy::default() };
    let http = HttpSettings { retry, timeout: Duration::from_millis(500), ..HttpSettings::default() };
    let address = Address {
        url: format!("{scheme}://127.0.0.1:{port}/base/"),
        credential: Credential::Token("t".into()),
    };
    Client::new(&Settings { control_plane: Some(address), http, ..Settings::default() }).unwrap()
}

async fn get(client: &Client) -> Result<team::Team, ApiError> {
    client.control_plane()?.call(&team::GET, ID.parse().unwrap()).await
}

/// Reads a request to the end of its headers.
async fn request(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        text.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(text).unwrap()
}

/// A server with one response per connection. It runs while it is awaited, and then returns the requests.
async fn serve(answers: Vec<String>) -> (u16, impl Future<Output = Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let run = async move {
        let mut asked = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            asked.push(request(&mut stream).await);
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        asked
    };
    (port, run)
}

fn answer(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn kind(error: &ApiError) -> Kind {
    match error {
        ApiError::Unreachable { cause, .. } => cause.kind,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_request_goes_to_the_path_of_the_base_and_its_response_is_returned() {
    let (port, server) = serve(vec![answer(&crate::script::team().to_string())]).await;
    let client = client(port, "http");
    let (team, asked) = tokio::join!(get(&client), server);
    assert_eq!(team.unwrap().name, "alpha");
    let asked = asked[0].to_ascii_lowercase();
    assert!(asked.starts_with(&format!("get /base/teams/{ID} http/1.1\r\n")), "{asked}");
    for header in ["authorization: bearer t\r\n", "accept: application/json\r\n", "user-agent: zenml-client/"]
    {
        assert!(asked.contains(header), "{asked}");
    }
    assert!(!asked.contains("cookie"), "{asked}");
}

#[tokio::test]
async fn a_refused_connection_is_distinguished_from_other_failures() {
    // Bound and closed again, so that nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let error = get(&client(port, "http")).await.unwrap_err();
    assert_eq!((kind(&error), error.call().unwrap().attempts), (Kind::Connect, 2));
    assert!(!error.outcome_unknown());
    assert!(error.to_string().contains(&format!("http://127.0.0.1:{port}/base")), "{error}");
}

#[tokio::test]
async fn a_request_is_retried_if_the_connection_ends_in_the_middle_of_the_body() {
    let broken = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"id\":".to_owned();
    let (port, server) = serve(vec![broken.clone(), answer(&crate::script::team().to_string())]).await;
    let whole = client(port, "http");
    let (team, asked) = tokio::join!(get(&whole), server);
    team.unwrap();
    assert_eq!(asked.len(), 2);

    let (port, server) = serve(vec![broken.clone(), broken]).await;
    let never_whole = client(port, "http");
    let (team, _) = tokio::join!(get(&never_whole), server);
    assert_eq!(kind(&team.unwrap_err()), Kind::Interrupted);
}

#[tokio::test]
async fn a_server_that_never_answers_is_a_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let error = get(&client(listener.local_addr().unwrap().port(), "http")).await.unwrap_err();
    assert_eq!(kind(&error), Kind::Timeout);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let redirect = "HTTP/1.1 307 Temporary Redirect\r\nlocation: \
     http://127.0.0.1:1/login?token=hunter2\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let (port, server) = serve(vec![redirect.to_owned()]).await;
    let client = client(port, "http");
    let (team, asked) = tokio::join!(get(&client), server);
    let error = team.unwrap_err();
    assert!(matches!(error, ApiError::NotTheApi { .. }), "{error}");
    assert!(error.to_string().contains("it redirects to http://127.0.0.1:1/login ("), "{error}");
    assert_eq!(asked.len(), 1);
}

#[tokio::test]
async fn a_server_without_tls_is_not_an_https_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(listener.local_addr().unwrap().port(), "https");
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = [0; 5];
        stream.read_exact(&mut hello).await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        hello
    };
    let (team, hello) = tokio::join!(get(&client), server);
    assert_eq!(hello[0], 22, "a TLS handshake begins with this byte");
    assert_eq!(kind(&team.unwrap_err()), Kind::Tls);
}

#[tokio::test]
async fn an_unknown_host_is_a_name_resolution_error() {
    // Too long for a name, so that no name server is asked.
    let url = format!("http://{}.localhost", "x".repeat(64));
    let retry = RetryPolicy { attempts: 1, ..RetryPolicy::default() };
    let http = HttpSettings { retry, ..HttpSettings::default() };
    let address = Address { url, credential: Credential::Token("t".into()) };
    let client =
        Client::new(&Settings { control_plane: Some(address), http, ..Settings::default() }).unwrap();
    assert_eq!(kind(&get(&client).await.unwrap_err()), Kind::Dns);
}

#[test]
fn invalid_certificate_authorities_are_rejected_immediately() {
    for pem in ["", "nonsense", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
        let certificate_authorities = Some(pem.as_bytes().to_vec());
        let http = HttpSettings { certificate_authorities, ..HttpSettings::default() };
        let settings = Settings { http, ..Settings::default() };
        assert_eq!(Client::new(&settings).unwrap_err(), SettingsError::CertificateAuthorities, "{pem}");
    }
}
