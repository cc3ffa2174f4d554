//! Logging in.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{DeviceId, Endpoint, Sensitive};

/// Exchanges a credential for a token.
pub const LOGIN: Endpoint<(), (), LoginForm, Token> = Endpoint::post("/auth/login").form();
/// Creates another token for the caller, valid for an hour. It is accepted where device tokens are rejected.
pub const API_TOKEN: Endpoint<(), (), (), Sensitive<String>> = Endpoint::get("/auth/api_token");
/// Starts a login that a person confirms in a browser.
pub const DEVICE_AUTHORIZATION: Endpoint<(), (), DeviceAuthorizationForm, DeviceAuthorization> =
    Endpoint::post("/auth/device_authorization").form();
/// Ends a browser's session.
pub const LOGOUT: Endpoint<(), (), (), ()> = Endpoint::post("/auth/logout");

/// Grant of an API key or a personal access token, spelled as the control plane does. (A workspace spells it
/// with hyphens.)
pub const GRANT_API_KEY: &str = "zenml_api_key";
/// Grant of a workspace server.
pub const GRANT_CLIENT_CREDENTIALS: &str = "client_credentials";
/// Grant of a device that a person confirmed.
pub const GRANT_DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// Grant of a local user.
pub const GRANT_PASSWORD: &str = "password";

/// The form of [`LOGIN`], for all grants. An empty string counts as not set. Without a grant, the server detects it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct LoginForm {
    /// Type of the credential.
    pub grant_type: Option<String>,
    /// Name of a local user.
    pub username: Option<String>,
    /// Password of a local user, or an API key on its own.
    pub password: Option<Sensitive<String>>,
    /// Workspace, or device.
    pub client_id: Option<String>,
    /// Enrollment key of a workspace.
    pub client_secret: Option<Sensitive<String>>,
    /// Code of a device that waits.
    pub device_code: Option<Sensitive<String>>,
    /// Whom the token is for.
    pub audience: Option<String>,
}

impl LoginForm {
    /// Returns the form that exchanges an API key or a personal access token.
    pub fn api_key(key: Sensitive<String>) -> Self {
        Self { password: Some(key), ..Self::default() }
    }

    /// Returns the form of a local user.
    pub fn password(username: impl Into<String>, password: Sensitive<String>) -> Self {
        Self { username: Some(username.into()), password: Some(password), ..Self::default() }
    }
}

/// The response to a login. It may contain a URL instead of a token if the login is not sufficient.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Token {
    /// The token, opaque.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<Sensitive<String>>,
    /// Life of the token in seconds; `None` means that it does not expire.
    #[serde(default)]
    pub expires_in: Option<i64>,
    /// Always `bearer`.
    #[serde(default = "bearer")]
    pub token_type: String,
    /// The device, for a device login.
    #[serde(default)]
    pub device_id: Option<DeviceId>,
    /// What the person chose while confirming, for a device login.
    #[serde(default)]
    pub device_metadata: Option<Value>,
    /// URL that the browser must open first; only without a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_url: Option<String>,
}

fn bearer() -> String {
    "bearer".to_owned()
}

/// The form of [`DEVICE_AUTHORIZATION`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeviceAuthorizationForm {
    /// The client, with an id that it chooses.
    pub client_id: String,
    /// A device that was confirmed earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<DeviceId>,
}

/// A login that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeviceAuthorization {
    /// With this the client polls.
    pub device_code: Sensitive<String>,
    /// This the person types.
    pub user_code: Sensitive<String>,
    /// URL that the user opens; may be a path under the API's base.
    pub verification_uri: String,
    /// The same with the code filled in.
    #[serde(default)]
    pub verification_uri_complete: Option<String>,
    /// Life of the codes in seconds.
    pub expires_in: i64,
    /// Seconds between two polls.
    pub interval: i64,
}
