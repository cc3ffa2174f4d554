//! Getting a session of a workspace.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Endpoint, ObjectId, Sensitive};

/// Logs in.
///
/// Send a session of the control plane in the `Authorization` header with `grant_type` [`EXTERNAL`], or an API key as
/// `password` with `grant_type` [`API_KEY`].
pub const LOGIN: Endpoint<(), (), Form, Answer> = Endpoint::post("/login").form();

/// Returns a session token for scripts, as a plain JSON string. Requires a session; an API key is not enough.
pub const API_TOKEN: Endpoint<(), ApiTokenQuery, (), Sensitive<String>> = Endpoint::get("/api_token");

/// Ends the session of a browser. The session of a client stays valid.
pub const LOGOUT: Endpoint<(), (), (), ()> = Endpoint::get("/logout");

/// Starts the login of a device. Rejected in ZenML Pro: devices log in to the control plane.
pub const DEVICE_AUTHORIZATION: Endpoint<(), (), DeviceForm, Value> =
    Endpoint::post("/device_authorization").form();

/// A device that asks for access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeviceForm {
    /// Id of the client.
    pub client_id: ObjectId,
}

/// Grant type for a caller whose bearer credential is a session of the control plane or an API key.
pub const EXTERNAL: &str = "zenml-external";

/// Grant type for a caller that sends an API key as `password`.
pub const API_KEY: &str = "zenml-api-key";

/// The form of a login. All members are optional: a server derives the grant from the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Form {
    /// [`EXTERNAL`], [`API_KEY`], `password` (a server without a control plane) or a grant that is rejected.
    pub grant_type: Option<String>,
    /// User name, on a server without a control plane.
    pub username: Option<String>,
    /// Password or API key.
    pub password: Option<Sensitive<String>>,
}

impl Form {
    /// Returns the form for a caller whose credential is in the `Authorization` header.
    #[must_use]
    pub fn external() -> Self {
        Self { grant_type: Some(EXTERNAL.to_owned()), ..Self::default() }
    }

    /// Returns the form for an API key.
    #[must_use]
    pub fn api_key(key: Sensitive<String>) -> Self {
        Self { grant_type: Some(API_KEY.to_owned()), password: Some(key), ..Self::default() }
    }
}

/// Query of [`API_TOKEN`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ApiTokenQuery {
    /// Type of the token; the server's default is [`ApiTokenType::Generic`].
    pub token_type: Option<ApiTokenType>,
    /// Lifetime in seconds, at most [`MOST_SECONDS`]; the server's default is an hour.
    #[serde(deserialize_with = "crate::lax::integer")]
    pub expires_in: Option<i64>,
    /// Schedule for which a workload token is valid.
    pub schedule_id: Option<ObjectId>,
    /// Run for which a workload token is valid.
    pub pipeline_run_id: Option<ObjectId>,
    /// Deployment for which a workload token is valid.
    pub deployment_id: Option<ObjectId>,
}

/// Maximum lifetime of a generic API token, in seconds: a week.
pub const MOST_SECONDS: i64 = 604_800;

/// Type of an API token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ApiTokenType {
    /// For any use, for a limited time.
    Generic,
    /// For one schedule, run or deployment.
    Workload,
}

/// The responses of a login, both with status 200.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Answer {
    /// A session.
    Session(Session),
    /// Without a credential: the page on which a person can log in.
    Elsewhere {
        /// Address for a browser.
        authorization_url: String,
    },
}

/// A session of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Session {
    /// Bearer token for the other endpoints.
    pub access_token: Sensitive<String>,
    /// `bearer`.
    pub token_type: String,
    /// Seconds until the token expires. Null means that it does not expire: use it until a 401.
    #[serde(default)]
    pub expires_in: Option<u64>,
    /// Currently never set: log in again instead.
    #[serde(default)]
    pub refresh_token: Option<Sensitive<String>>,
    /// Only for browsers.
    #[serde(default)]
    pub csrf_token: Option<Sensitive<String>>,
    /// Not used.
    #[serde(default)]
    pub scope: Option<String>,
    /// Only after a login by device.
    #[serde(default)]
    pub device_id: Option<String>,
    /// Only after a login by device.
    #[serde(default)]
    pub device_metadata: Option<Value>,
}

impl Session {
    /// Returns a session with only a token and its lifetime in seconds.
    #[must_use]
    pub fn new(access_token: Sensitive<String>, expires_in: u64) -> Self {
        Self {
            access_token,
            token_type: "bearer".to_owned(),
            expires_in: Some(expires_in),
            refresh_token: None,
            csrf_token: None,
            scope: None,
            device_id: None,
            device_metadata: None,
        }
    }
}
