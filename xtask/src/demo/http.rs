//! Requests to the local platform, as a person with `curl` would make them.
//!
//! This is not the provider's client on purpose: what the access matrix sees must not depend on code that it checks.
//! One connection per request, HTTP/1.1 in clear, loopback only.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Failure;

/// What a request carries.
#[derive(Clone, Debug)]
pub enum Body<'a> {
    Empty,
    /// Fields of a form.
    Form(&'a [(&'a str, &'a str)]),
    Json(Value),
}

/// What the platform answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    /// The body; a text that is not JSON becomes a JSON string, an empty one null.
    pub body: Value,
}

/// Somebody with a credential at one server.
#[derive(Clone, Debug)]
pub struct Session {
    base: String,
    token: Option<String>,
}

impl Session {
    /// Nobody yet: requests without a credential below `base`.
    pub fn anonymous(base: impl Into<String>) -> Self {
        Self { base: base.into(), token: None }
    }

    /// Logs a local user in at the control plane.
    pub async fn log_in(control_plane: &str, username: &str, password: &str) -> Result<Self, Failure> {
        let form = [("username", username), ("password", password)];
        let answer = Self::anonymous(control_plane).expect("POST", "/auth/login", Body::Form(&form)).await?;
        let token = answer["access_token"].as_str().ok_or_else(|| {
            Failure::new(format!("{control_plane}/auth/login gave {username} no access token"))
        })?;
        Ok(Self::anonymous(control_plane).with(token))
    }

    /// Another credential at the same server.
    #[must_use]
    pub fn with(&self, token: impl Into<String>) -> Self {
        Self { base: self.base.clone(), token: Some(token.into()) }
    }

    /// The same credential at another server.
    #[must_use]
    pub fn at(&self, base: impl Into<String>) -> Self {
        Self { base: base.into(), token: self.token.clone() }
    }

    /// Sends a request, whatever its answer.
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

    /// Sends a request that must succeed, and gives the body of its answer.
    pub async fn expect(&self, method: &str, path: &str, body: Body<'_>) -> Result<Value, Failure> {
        let answer = self.send(method, path, body).await?;
        if answer.status != 200 {
            return Err(Failure::new(format!(
                "{method} {}{path} answered {}: {}",
                self.base, answer.status, answer.body
            )));
        }
        Ok(answer.body)
    }
}

/// Sends a request with these headers and a body of this media type, whatever its answer.
pub(crate) async fn exchange(
    method: &str,
    url: &str,
    headers: &BTreeMap<&str, String>,
    body: Option<(&str, String)>,
) -> Result<Answer, Failure> {
    let failure = |why: &dyn std::fmt::Display| Failure::new(format!("{method} {url}: {why}"));
    let rest =
        url.strip_prefix("http://").ok_or_else(|| failure(&"only http:// addresses are served here"))?;
    let (host, target) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));
    let request = request(method, host, target, headers, body);
    let mut stream = TcpStream::connect(host).await.map_err(|error| failure(&error))?;
    let mut bytes = Vec::new();
    stream.write_all(request.as_bytes()).await.map_err(|error| failure(&error))?;
    stream.read_to_end(&mut bytes).await.map_err(|error| failure(&error))?;
    answer(&bytes).ok_or_else(|| failure(&"the answer is not HTTP"))
}

/// A whole request.
fn request(
    method: &str,
    host: &str,
    target: &str,
    headers: &BTreeMap<&str, String>,
    body: Option<(&str, String)>,
) -> String {
    let (kind, content) = body.unwrap_or_default();
    let kind = if kind.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
    let headers: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!(
        "{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{}{kind}Content-Length: {}\r\n\r\n{content}",
        headers.concat(),
        content.len()
    )
}

/// Fields as a form or a query has them.
pub(super) fn encode(fields: &[(&str, &str)]) -> String {
    serde_html_form::to_string(fields).expect("pairs of texts can be encoded")
}

/// Reads a whole answer; nothing when it is not HTTP.
fn answer(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let chunked = head.to_ascii_lowercase().contains("\r\ntransfer-encoding: chunked");
    let rest = &bytes[end + 4..];
    let body = if chunked { join(rest)? } else { rest.to_vec() };
    let body = match serde_json::from_slice(&body) {
        Ok(value) => value,
        Err(_) if body.is_empty() => Value::Null,
        Err(_) => Value::from(String::from_utf8_lossy(&body).into_owned()),
    };
    Some(Answer { status, body })
}

/// Joins the chunks of a body.
fn join(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|window| window == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..line]).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(line + 2..line + 2 + size)?);
        rest = rest.get(line + 2 + size + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_carries_its_credential_and_the_length_of_its_body() {
        let form = encode(&[("username", "a@b"), ("password", "p q&r")]);
        let headers = BTreeMap::from([("Authorization", "Bearer t".to_owned())]);
        let body = Some(("application/x-www-form-urlencoded", form));
        assert_eq!(
            request("POST", "127.0.0.1:1", "/auth/login", &headers, body),
            "POST /auth/login HTTP/1.1\r\nHost: 127.0.0.1:1\r\nConnection: close\r\nAuthorization: Bearer t\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 31\r\n\r\n\
             username=a%40b&password=p+q%26r"
        );
    }

    #[test]
    fn answers_are_read_whole_or_in_chunks() {
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
            let answer = answer(bytes.as_bytes()).unwrap();
            assert_eq!((answer.status, answer.body), (status, body), "{bytes}");
        }
        assert!(answer(b"SSH-2.0").is_none());
    }
}
