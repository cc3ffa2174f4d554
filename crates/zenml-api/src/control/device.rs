//! Devices: logins that a person confirms.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{DeviceId, Endpoint, IdOrName, Sensitive};

/// Shows a device by its id or by its user code.
pub const GET: Endpoint<IdOrName<DeviceId>, (), (), Device> =
    Endpoint::get("/devices/{device_id_or_user_code}");
/// Confirms a device; its user code is used up.
pub const VERIFY: Endpoint<(), (), DeviceVerification, Device> = Endpoint::put("/devices/verify");

/// A device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Device {
    /// Identifier of the device.
    pub id: DeviceId,
    /// Whether its login is valid for 30 days instead of one.
    #[serde(default)]
    pub trusted_device: bool,
    /// How far the login is: `pending`, `verified`, `active`.
    #[serde(default)]
    pub status: Option<String>,
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
    /// What the person chose: `{"tenant_id": "<workspace id>"}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_metadata: Option<Value>,
}
