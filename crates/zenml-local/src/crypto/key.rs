//! API keys as strings: `ZENPROKEY_` and the base64 encoding of `{"id": "<key id>", "key": "<secret>"}`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zenml_api::Sensitive;

/// The prefix of every API key.
pub(crate) const PREFIX: &str = "ZENPROKEY_";

/// An API key. The secret is 256 random bits. Only its owner has a copy.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ApiKey {
    /// Id of the key.
    pub(crate) id: Uuid,
    /// Secret of the key.
    #[serde(rename = "key")]
    pub(crate) secret: Sensitive<String>,
}

impl ApiKey {
    /// Creates a new key.
    pub(crate) fn generate() -> Self {
        Self::generate_for(Uuid::new_v4())
    }

    /// Creates a new secret for a key.
    pub(crate) fn generate_for(id: Uuid) -> Self {
        Self { id, secret: super::random_string().into() }
    }

    /// Parses a key from the string that its owner presents.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.trim().strip_prefix(PREFIX)?).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Returns the string for its owner.
    pub(crate) fn to_text(&self) -> Sensitive<String> {
        let json = format!(r#"{{"id":"{}","key":"{}"}}"#, self.id, self.secret.expose());
        format!("{PREFIX}{}", STANDARD.encode(json)).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_the_published_format_and_round_trips() {
        let key = ApiKey::generate();
        let text = key.to_text();
        assert!(text.expose().starts_with("ZENPROKEY_eyJpZCI6I"), "the format that clients recognize");
        let read = ApiKey::parse(text.expose()).unwrap();
        assert_eq!((read.id, read.secret), (key.id, key.secret));
        for wrong in ["", "ZENPROKEY_", "ZENPROKEY_!!", "ZENKEY_eyJpZCI6", "ZENPROKEY_e30="] {
            assert!(ApiKey::parse(wrong).is_none(), "{wrong}");
        }
    }
}
