//! A platform with users, and requests as one of them.

use std::time::Duration;

use axum::body::Body;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use zenml_local::{Options, Platform};

/// Password of every local user in tests.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// A response: its status and its JSON body, or null if the body is not JSON.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
    /// Seconds of the `Retry-After` header.
    pub(crate) retry_after: Option<u64>,
}

impl Answer {
    async fn read(response: axum::response::Response) -> Self {
        let status = response.status();
        let header = response.headers().get("retry-after");
        let retry_after = header.and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Self { status, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null), retry_after }
    }

    /// Returns the body of a successful response.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.body);
        self.body
    }

    /// Checks the status.
    #[track_caller]
    pub(crate) fn status(self, status: u16) {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
    }

    /// Returns the class and the message of an error with this status.
    #[track_caller]
    pub(crate) fn refused(self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        let text = |index: usize| self.body["detail"][index].as_str().unwrap_or_default().to_owned();
        format!("{}: {}", text(0), text(1))
    }
}

/// A platform and a caller.
pub(crate) struct World {
    pub(crate) platform: Platform,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        Self { platform: Platform::start(options).await.unwrap() }
    }

    pub(crate) fn organization(&self) -> String {
        self.platform.organization_id().to_string()
    }

    /// The first service account's key, an Organization Admin.
    pub(crate) fn key(&self) -> String {
        self.platform.service_account_key().unwrap().expose().clone()
    }

    /// Sends a request; the credential may be a key or a token.
    pub(crate) async fn send(&self, bearer: Option<&str>, call: &str, body: Value) -> Answer {
        self.send_once(bearer, None, call, body).await
    }

    /// The same with an idempotency key.
    pub(crate) async fn send_once(
        &self,
        bearer: Option<&str>,
        idempotency_key: Option<&str>,
        call: &str,
        body: Value,
    ) -> Answer {
        let (method, path) = call.split_once(' ').unwrap();
        let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(path);
        if !body.is_null() {
            request = request.header("content-type", "application/json");
        }
        if let Some(key) = idempotency_key {
            request = request.header("idempotency-key", key);
        }
        if let Some(bearer) = bearer {
            request = request.header("authorization", format!("Bearer {bearer}"));
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        Answer::read(self.platform.router().oneshot(request.body(body).unwrap()).await.unwrap()).await
    }

    /// The same as the first service account.
    pub(crate) async fn admin(&self, call: &str, body: Value) -> Answer {
        self.send(Some(&self.key()), call, body).await
    }

    /// Sends a request as it is.
    pub(crate) async fn request(&self, request: Request<Body>) -> Answer {
        Answer::read(self.platform.router().oneshot(request).await.unwrap()).await
    }

    /// Logs in with a form.
    pub(crate) async fn login(&self, form: &str) -> Answer {
        self.form("/auth/login", form).await
    }

    /// Posts a form without a credential.
    pub(crate) async fn form(&self, path: &str, form: &str) -> Answer {
        self.form_with(path, form, &[]).await
    }

    /// The same with headers.
    pub(crate) async fn form_with(&self, path: &str, form: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(form.to_owned())).unwrap();
        Answer::read(self.platform.router().oneshot(request).await.unwrap()).await
    }

    /// A session of the platform's first user.
    pub(crate) async fn superuser(&self) -> String {
        let admin = self.platform.admin().unwrap();
        self.session(&admin.username, admin.password.expose()).await
    }

    pub(crate) async fn session(&self, username: &str, password: &str) -> String {
        let form = format!("username={username}&password={}", password.replace(' ', "+"));
        self.login(&form).await.ok()["access_token"].as_str().unwrap().to_owned()
    }

    /// Creates a local user who does not belong to an organization.
    pub(crate) async fn outsider(&self, username: &str) -> Person {
        let superuser = self.superuser().await;
        let call = format!("POST /users?username={username}&password={}", PASSWORD.replace(' ', "+"));
        let user = self.send(Some(&superuser), &call, Value::Null).await.ok();
        let token = self.session(username, PASSWORD).await;
        Person { id: text(&user["id"]), token }
    }

    /// Creates a local user with a role in the organization.
    pub(crate) async fn member(&self, username: &str, role: &str) -> Person {
        let person = self.outsider(username).await;
        let role = self.role("organization", role).await;
        self.admin(&format!("POST /roles/{role}/assignments?user_id={}", person.id), Value::Null).await.ok();
        person
    }

    /// Returns the id of a predefined role.
    pub(crate) async fn role(&self, level: &str, name: &str) -> String {
        let call = format!(
            "GET /organizations/{}/roles?level={level}&name={}",
            self.organization(),
            name.replace(' ', "+")
        );
        let roles = self.admin(&call, Value::Null).await.ok();
        assert_eq!(roles.as_array().unwrap().len(), 1, "{level} {name}");
        text(&roles[0]["id"])
    }

    /// Creates a team.
    pub(crate) async fn team(&self, name: &str) -> String {
        let body = json!({ "name": name, "organization_id": self.organization() });
        text(&self.admin("POST /teams", body).await.ok()["id"])
    }

    /// Creates a workspace and waits until it is available.
    pub(crate) async fn workspace(&self, name: &str) -> String {
        let body = json!({ "name": name, "organization_id": self.organization() });
        let id = text(&self.admin("POST /workspaces", body).await.ok()["id"]);
        self.settled(&id).await;
        id
    }

    /// Waits until a workspace is no longer pending.
    pub(crate) async fn settled(&self, id: &str) -> Answer {
        for _ in 0..500 {
            let answer = self.admin(&format!("GET /workspaces/{id}"), Value::Null).await;
            if answer.status != StatusCode::OK || answer.body["status"] != "pending" {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("workspace {id} stayed pending");
    }
}

/// Somebody who can log in.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) token: String,
}

/// Returns the string of a JSON value.
#[track_caller]
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a string")).to_owned()
}

/// Returns the strings of one member in a list of objects.
pub(crate) fn texts(list: &Value, member: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|item| text(&item[member])).collect()
}
