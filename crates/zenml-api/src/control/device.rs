//! Devices: logins that a person confirms.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{DeviceId, Endpoint, IdOrName, Sensitive, Timestamp, UserId};

/// Lists the devices of the caller.
pub const LIST: Endpoint<(), DeviceQuery, (), Vec<Device>> = Endpoint::get("/devices");
/// Shows a device by its id or by its user code.
pub const GET: Endpoint<IdOrName<DeviceId>, (), (), Device> =
    Endpoint::get("/devices/{device_id_or_user_code}");
/// Locks or unlocks a device of the caller, or changes whether it is trusted.
pub const UPDATE: Endpoint<DeviceId, (), DeviceUpdate, Device> = Endpoint::put("/devices/{device_id}");
/// Deletes a device of the caller; its token is rejected from then on.
pub const DELETE: Endpoint<DeviceId, (), (), ()> = Endpoint::delete("/devices/{device_id}");
/// Confirms a device; its user code is used up.
pub const VERIFY: Endpoint<(), (), DeviceVerification, Device> = Endpoint::put("/devices/verify");

/// Filters of [`LIST`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct DeviceQuery {
    /// Number of devices to skip.
    pub offset: Option<u64>,
    /// Maximum number of devices.
    pub limit: Option<u64>,
}

/// A device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Device {
    /// Identifier of the device.
    pub id: DeviceId,
    /// The client that runs on it.
    #[serde(default)]
    pub client_id: Option<String>,
    /// The person whom it is logged in as, once the login is confirmed.
    #[serde(default)]
    pub user_id: Option<UserId>,
    /// Whether its login is valid for 30 days instead of one.
    #[serde(default)]
    pub trusted_device: bool,
    /// How far the login is: `pending`, `verified`, `active`, `locked`.
    #[serde(default)]
    pub status: Option<String>,
    /// Name of the machine, as the client reports it.
    #[serde(default)]
    pub hostname: Option<String>,
    /// Operating system, as the client reports it.
    #[serde(default)]
    pub os: Option<String>,
    /// Address from which the login was started.
    #[serde(default)]
    pub ip_address: Option<String>,
    /// Version of Python, as the client reports it.
    #[serde(default)]
    pub python_version: Option<String>,
    /// Version of ZenML, as the client reports it.
    #[serde(default)]
    pub zenml_version: Option<String>,
    /// What the person chose: `{"tenant_id": "<workspace id>"}`.
    #[serde(default)]
    pub device_metadata: Option<Value>,
    /// Creation time.
    #[serde(default)]
    pub created: Option<Timestamp>,
    /// Time of the last change.
    #[serde(default)]
    pub updated: Option<Timestamp>,
    /// Time of the last login.
    #[serde(default)]
    pub last_login: Option<Timestamp>,
    /// When its token was used last, to the minute.
    #[serde(default)]
    pub last_used: Option<Timestamp>,
    /// When the login ends, or the codes if nobody has confirmed it yet.
    #[serde(default)]
    pub expires: Option<Timestamp>,
}

/// Changes a device. An omitted member is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct DeviceUpdate {
    /// Whether its token is rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locked: Option<bool>,
    /// Whether its next login is valid for 30 days. Without trust, the current login ends after a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_device: Option<bool>,
}

/// Confirms a device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeviceVerification {
    /// The code that the device shows.
    pub user_code: Sensitive<String>,
    /// Whether the login should be valid for 30 days instead of one.
    #[serde(default)]
    pub trusted_device: bool,
    /// What the person chose: `{"tenant_id": "<workspace id>"}`. Required if the person can log in to several workspaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_metadata: Option<Value>,
}
