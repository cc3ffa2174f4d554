//! API keys as strings.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use uuid::Uuid;

/// The prefix of the keys of ZenML Pro.
pub(crate) const PRO: &str = "ZENPROKEY_";

/// Returns the id in the encoded part of a key: base64 of `{"id": "…", "key": "…"}`.
pub(crate) fn id_of(encoded: &str) -> Option<Uuid> {
    /// The member that is not secret.
    #[derive(serde::Deserialize)]
    struct Public {
        id: Uuid,
    }
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let json = GeneralPurpose::new(&STANDARD, lenient).decode(encoded).ok()?;
    Some(serde_json::from_slice::<Public>(&json).ok()?.id)
}
