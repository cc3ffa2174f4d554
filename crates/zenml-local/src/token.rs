//! Access tokens. Each kind is a type with its own audience, so that a token of one kind is never accepted as
//! another.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zenml_api::Sensitive;

use crate::crypto::Vault;
use crate::error::Error;

/// Lifetime of all tokens except those of devices, in seconds.
pub(crate) const LIFETIME: i64 = 3600;

/// A kind of token.
pub(crate) trait Kind: Serialize + DeserializeOwned {
    /// The last part of the token's audience.
    const AUDIENCE: &'static str;
}

/// The root of an account's tokens. All tokens that are created from one another have the same root, and each is
/// valid only while all of these conditions hold:
///
/// - The account exists, is active, and has the same epoch: it grows with each new password and each deactivation.
/// - The API key exists, is active and has not expired, if the first credential was one. After a rotation, it ends with
///   the secret that it was created from.
/// - The device exists, is not locked, and has not logged in again, if a device logged in.
/// - The session has not been logged out.
/// - It has not expired. A token that is created from another one does not outlive it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Root {
    /// The account.
    pub(crate) account: Uuid,
    /// The epoch of the account at the time of the login.
    pub(crate) epoch: i64,
    /// The API key of the login; `None` for a password.
    pub(crate) api_key: Option<Uuid>,
    /// The generation of the key's secret; see [`Secret`].
    #[serde(default)]
    pub(crate) generation: i64,
    /// The device of the login, if a person confirmed it.
    #[serde(default)]
    pub(crate) device: Option<Uuid>,
    /// The session of the login.
    pub(crate) session: Uuid,
    /// When the session ends, in seconds since 1970.
    pub(crate) ends: i64,
}

/// One secret of an API key: each rotation starts the next generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Secret {
    /// The key.
    pub(crate) key: Uuid,
    /// How many rotations came before.
    pub(crate) generation: i64,
}

impl Root {
    /// Starts a session with a credential that was just verified.
    pub(crate) fn begin(account: Uuid, epoch: i64, secret: Option<Secret>) -> Self {
        let ends = jiff::Timestamp::now().as_second().saturating_add(LIFETIME);
        let (api_key, generation) = secret.map_or((None, 0), |secret| (Some(secret.key), secret.generation));
        Self { account, epoch, api_key, generation, device: None, session: Uuid::new_v4(), ends }
    }

    /// Starts the session of a device, which a person has confirmed, for `seconds`.
    pub(crate) fn of_device(device: Uuid, account: Uuid, epoch: i64, seconds: i64) -> Self {
        let ends = jiff::Timestamp::now().as_second().saturating_add(seconds);
        Self { device: Some(device), ends, ..Self::begin(account, epoch, None) }
    }

    /// Returns the root of a token that is created from this one and is not a device token: it lives for [`LIFETIME`]
    /// at most.
    #[must_use]
    pub(crate) fn shortened(self) -> Self {
        let ends = self.ends.min(jiff::Timestamp::now().as_second().saturating_add(LIFETIME));
        Self { ends, ..self }
    }

    /// Returns the remaining seconds of the session.
    pub(crate) fn left(&self) -> i64 {
        self.ends.saturating_sub(jiff::Timestamp::now().as_second()).max(0)
    }
}

/// A session of a user or service account on the control plane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    /// Its root.
    pub(crate) root: Root,
}

/// A session of a device that a person has confirmed. It may not manage API keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Device {
    /// Its root.
    pub(crate) root: Root,
}

/// A script token, created from a session; unlike a device token, it may manage API keys. It cannot create another
/// one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Automation {
    /// Its root.
    pub(crate) root: Root,
}

/// A workspace server that uses the control plane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WorkspaceServer {
    /// The workspace.
    #[serde(rename = "sub")]
    pub(crate) workspace: Uuid,
}

/// A session of an account in one workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WorkspaceSession {
    /// Its root.
    pub(crate) root: Root,
    /// The only workspace that accepts the token.
    pub(crate) workspace: Uuid,
}

impl Kind for Session {
    const AUDIENCE: &'static str = "session";
}
impl Kind for Device {
    const AUDIENCE: &'static str = "device";
}
impl Kind for Automation {
    const AUDIENCE: &'static str = "automation";
}
impl Kind for WorkspaceServer {
    const AUDIENCE: &'static str = "workspace-server";
}
impl Kind for WorkspaceSession {
    const AUDIENCE: &'static str = "workspace-session";
}

#[derive(Serialize, Deserialize)]
struct Claims<K> {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    jti: Uuid,
    #[serde(flatten)]
    kind: K,
}

/// Issues and reads tokens of one platform.
pub(crate) struct Tokens {
    issuer: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tokens({})", self.issuer)
    }
}

impl Tokens {
    /// Creates the issuer for the platform that owns `vault`; `platform` is its id.
    pub(crate) fn new(vault: &Vault, platform: Uuid) -> Self {
        let key = vault.token_key();
        Self {
            issuer: platform.to_string(),
            encoding: EncodingKey::from_secret(key),
            decoding: DecodingKey::from_secret(key),
        }
    }

    /// Creates a token that is valid for [`LIFETIME`] seconds.
    pub(crate) fn issue<K: Kind>(&self, kind: K) -> Result<Sensitive<String>, Error> {
        self.issue_for(kind, LIFETIME)
    }

    /// Creates a token that is valid for `seconds`.
    pub(crate) fn issue_for<K: Kind>(&self, kind: K, seconds: i64) -> Result<Sensitive<String>, Error> {
        self.issue_until(kind, jiff::Timestamp::now().as_second() + seconds)
    }

    /// Creates a token that is valid until a time, in seconds since 1970.
    pub(crate) fn issue_until<K: Kind>(&self, kind: K, ends: i64) -> Result<Sensitive<String>, Error> {
        let now = jiff::Timestamp::now().as_second();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience::<K>(),
            iat: now,
            exp: ends,
            jti: Uuid::new_v4(),
            kind,
        };
        encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
            .map(Sensitive::from)
            .map_err(|error| Error::internal("a token cannot be signed", error))
    }

    /// Verifies a token of one kind; `None` if it is of another kind, expired, or from another platform.
    pub(crate) fn read<K: Kind>(&self, token: &str) -> Option<K> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[self.audience::<K>()]);
        validation.set_issuer(&[&self.issuer]);
        validation.leeway = 0;
        decode::<Claims<K>>(token, &self.decoding, &validation).ok().map(|data| data.claims.kind)
    }

    fn audience<K: Kind>(&self) -> String {
        format!("{}/{}", self.issuer, K::AUDIENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_valid_only_for_its_kind_its_lifetime_and_its_platform() {
        let (vault, platform, account) = (Vault::ephemeral(), Uuid::new_v4(), Uuid::new_v4());
        let tokens = Tokens::new(&vault, platform);
        let session = Session { root: Root::begin(account, 0, None) };
        let token = tokens.issue(session.clone()).unwrap();
        assert_eq!(tokens.read::<Session>(token.expose()), Some(session.clone()));
        assert_eq!(tokens.read::<Automation>(token.expose()), None);
        assert_eq!(tokens.read::<WorkspaceServer>(token.expose()), None);
        assert_eq!(Tokens::new(&vault, Uuid::new_v4()).read::<Session>(token.expose()), None);
        assert_eq!(Tokens::new(&Vault::ephemeral(), platform).read::<Session>(token.expose()), None);
        let expired = tokens.issue_for(session, -5).unwrap();
        assert_eq!(tokens.read::<Session>(expired.expose()), None);
    }
}
