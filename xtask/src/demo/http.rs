//! Requests to the local platform, as with `curl`.
//!
//! This is deliberately not the provider's client: the access matrix must not depend on the code that it checks. One
//! connection per request, plain HTTP/1.1, loopback only.

use std::collections::BTreeMap;
use std::error::Error;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, HOST, SET_COOKIE};
use http::uri::{Authority, PathAndQuery};
use http::{Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use printable::Chain;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::Failure;

/// The body of a request.
#[derive(Clone, Debug)]
pub enum Body<'a> {
    Empty,
    /// Fields of a form.
    Form(&'a [(&'a str, &'a str)]),
    Json(Value),
}

/// A response of the platform.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    /// The body; text that is not JSON becomes a JSON string, and an empty body null.
    pub body: Value,
    /// The first cookie that it sets, as `NAME=VALUE`.
    pub cookie: Option<String>,
}

/// A client of one server, with a credential.
#[derive(Clone, Debug)]
pub struct Session {
    base: String,
    token: Option<String>,
}

impl Session {
    /// Creates a client for `base` without a credential.
    pub fn anonymous(base: impl Into<String>) -> Self {
        Self { base: base.into(), token: None }
    }

    /// Logs a local user in at the control plane.
    pub async fn log_in(control_plane: &str, username: &str, password: &str) -> Result<Self, Failure> {
        let form = [("username", username), ("password", password)];
        let answer = Self::anonymous(control_plane).expect("POST", "/auth/login", Body::Form(&form)).await?;
        let token = answer["access_token"].as_str().ok_or_else(|| {
            Failure::new(format!("{control_plane}/auth/login returned no access token for {username}"))
        })?;
        Ok(Self::anonymous(control_plane).with(token))
    }

    /// Returns a client of the same server with another credential.
    #[must_use]
    pub fn with(&self, token: impl Into<String>) -> Self {
        Self { base: self.base.clone(), token: Some(token.into()) }
    }

    /// Returns a client of another server with the same credential.
    #[must_use]
    pub fn at(&self, base: impl Into<String>) -> Self {
        Self { base: base.into(), token: self.token.clone() }
    }

    /// Sends a request, with any response.
    pub async fn send(&self, method: &str, path: &str, body: Body<'_>) -> Result<Answer, Failure> {
        let url = format!("{}{path}", self.base);
        let mut headers = BTreeMap::new();
        headers.extend(self.token.iter().map(|token| ("Authorization", format!("Bearer {token}"))));
        let body = match body {
            Body::Empty => None,
            Body::Form(fields) => Some(("application/x-www-form-urlencoded", encode(fields))),
            Body::Json(value) => Some(("application/json", value.to_string())),
        };
        exchange(method, &url, &headers, body).await
    }

    /// Sends a request that must succeed. Returns the body of its response.
    pub async fn expect(&self, method: &str, path: &str, body: Body<'_>) -> Result<Value, Failure> {
        let answer = self.send(method, path, body).await?;
        if answer.status != 200 {
            return Err(Failure::new(format!(
                "{method} {}{path} returned {}: {}",
                self.base, answer.status, answer.body
            )));
        }
        Ok(answer.body)
    }
}

/// Sends a request with these headers and a body of this media type, with any response.
pub async fn exchange(
    method: &str,
    url: &str,
    headers: &BTreeMap<&str, String>,
    body: Option<(&str, String)>,
) -> Result<Answer, Failure> {
    let failure = |why: &dyn std::fmt::Display| Failure::new(format!("{method} {url}: {why}"));
    let address: Uri = url.parse().map_err(|error| failure(&error))?;
    let host = address
        .authority()
        .filter(|_| address.scheme_str() == Some("http"))
        .ok_or_else(|| failure(&"only http:// addresses are supported"))?;
    let target = address.path_and_query().map_or("/", PathAndQuery::as_str);
    let mut request =
        Request::builder().method(method).uri(target).header(HOST, host.as_str()).header(CONNECTION, "close");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let (kind, content) = body.unwrap_or_default();
    if !kind.is_empty() {
        request = request.header(CONTENT_TYPE, kind);
    }
    let request = request.body(Full::from(content)).map_err(|error| failure(&error))?;
    answer(host, request).await.map_err(|error| failure(&Chain(&*error)))
}

/// Sends one request on its own connection, and reads the whole response.
async fn answer(host: &Authority, request: Request<Full<Bytes>>) -> Result<Answer, Box<dyn Error>> {
    let stream = TcpStream::connect(host.as_str()).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let exchange = async {
        let (head, body) = sender.send_request(request).await?.into_parts();
        Ok::<_, hyper::Error>((head, body.collect().await?.to_bytes()))
    };
    let (answer, _) = tokio::join!(exchange, connection);
    let (head, bytes) = answer?;
    let cookie = head.headers.get(SET_COOKIE).and_then(|cookie| cookie.to_str().ok()?.split(';').next());
    let body = match serde_json::from_slice(&bytes) {
        Ok(value) => value,
        Err(_) if bytes.is_empty() => Value::Null,
        Err(_) => Value::from(String::from_utf8_lossy(&bytes).into_owned()),
    };
    Ok(Answer { status: head.status.as_u16(), body, cookie: cookie.map(str::to_owned) })
}

/// Encodes fields as a form or a query.
pub(super) fn encode(fields: &[(&str, &str)]) -> String {
    serde_html_form::to_string(fields).expect("pairs of strings can be encoded")
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Returns the request that a server receives, and the client's result for the server's response of these bytes.
    async fn exchanged(answer: &str, body: Body<'_>) -> (String, Result<Answer, Failure>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8_lossy(&request[..length]).into_owned()
        };
        let session = Session::anonymous(address).with("t");
        tokio::join!(server, session.send("POST", "/auth/login?a=b", body))
    }

    #[tokio::test]
    async fn a_request_contains_its_credential_and_the_length_of_its_body() {
        let form = Body::Form(&[("username", "a@b"), ("password", "p q&r")]);
        let (request, _) = exchanged("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", form).await;
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /auth/login?a=b HTTP/1.1\r\nhost: 127.0.0.1:"), "{head}");
        for line in [
            "authorization: Bearer t",
            "content-type: application/x-www-form-urlencoded",
            "content-length: 31",
            "connection: close",
        ] {
            assert!(head.lines().any(|other| other == line), "{line}: {head}");
        }
        assert_eq!(body, "username=a%40b&password=p+q%26r");
    }

    #[tokio::test]
    async fn responses_are_read_complete_or_in_chunks() {
        for (bytes, status, body) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}", 200, json!({ "a": 1 })),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n",
                200,
                json!([1, 2]),
            ),
            ("HTTP/1.1 403 Forbidden\r\n\r\n", 403, Value::Null),
            ("HTTP/1.1 502 Bad Gateway\r\n\r\n<html>", 502, json!("<html>")),
        ] {
            let answer = exchanged(bytes, Body::Empty).await.1.unwrap();
            assert_eq!((answer.status, answer.body), (status, body), "{bytes}");
        }
        assert!(exchanged("SSH-2.0", Body::Empty).await.1.is_err());
    }
}
