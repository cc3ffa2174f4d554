//! Keys derived from the master key.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::{constant_time, hkdf, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use uuid::Uuid;
use zenml_api::Sensitive;

use super::error::VaultError;

/// Seals secrets and computes digests, each with its own key derived from the master key.
pub(crate) struct Vault {
    sealing: RandomizedNonceKey,
    digests: hmac::Key,
    servers: hmac::Key,
    tokens: [u8; 32],
    check: [u8; 32],
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(***)")
    }
}

impl Vault {
    pub(super) fn new(master: &[u8; 32]) -> Self {
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"zenml-local").extract(master);
        Self {
            sealing: RandomizedNonceKey::new(&AES_256_GCM, &derive(&root, b"seal"))
                .expect("the derived key has the cipher's length"),
            digests: hmac::Key::new(hmac::HMAC_SHA256, &derive(&root, b"digest")),
            servers: hmac::Key::new(hmac::HMAC_SHA256, &derive(&root, b"server")),
            tokens: derive(&root, b"token"),
            check: derive(&root, b"check"),
        }
    }

    /// Encrypts a value. `place` names where it is stored; it can be opened only with the same `place`.
    pub(crate) fn seal(&self, place: &str, secret: &[u8]) -> Vec<u8> {
        let mut bytes = secret.to_vec();
        let nonce = self
            .sealing
            .seal_in_place_append_tag(Aad::from(place.as_bytes()), &mut bytes)
            .expect("a value in memory is shorter than the cipher's limit");
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut bytes);
        sealed
    }

    /// Decrypts a value that was sealed for the same place.
    pub(crate) fn open_sealed(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (nonce, bytes) = sealed.split_at_checked(aws_lc_rs::aead::NONCE_LEN).ok_or(VaultError::Sealed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::Sealed)?;
        let mut bytes = bytes.to_vec();
        let length = self
            .sealing
            .open_in_place(nonce, Aad::from(place.as_bytes()), &mut bytes)
            .map_err(|_| VaultError::Sealed)?
            .len();
        bytes.truncate(length);
        Ok(bytes)
    }

    /// HMAC-SHA-256 of a random credential. Not for passwords: those need a slow hash.
    pub(crate) fn digest(&self, secret: &[u8]) -> Vec<u8> {
        hmac::sign(&self.digests, secret).as_ref().to_vec()
    }

    /// Whether `digest` belongs to `secret`, in constant time.
    pub(crate) fn matches(&self, secret: &[u8], digest: &[u8]) -> bool {
        constant_time::verify_slices_are_equal(&self.digest(secret), digest).is_ok()
    }

    /// Returns a secret of a workspace's server. It is the same after a restart, and another one for each workspace and
    /// each purpose.
    pub(crate) fn secret_of_server(&self, workspace: Uuid, purpose: &str) -> Sensitive<String> {
        let secret = hmac::sign(&self.servers, format!("{workspace}/{purpose}").as_bytes());
        URL_SAFE_NO_PAD.encode(secret.as_ref()).into()
    }

    /// Returns a string that only this master key produces. It can be stored: it reveals nothing about the key.
    pub(crate) fn check(&self) -> String {
        STANDARD.encode(self.check)
    }

    /// The key that signs session tokens.
    pub(crate) fn token_key(&self) -> &[u8; 32] {
        &self.tokens
    }
}

fn derive(root: &hkdf::Prk, purpose: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    root.expand(&[purpose], hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut key))
        .expect("one hash length can always be derived");
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secrets_of_servers_differ_and_survive_a_restart() {
        let (one, other) = (Vault::new(&[1; 32]), Vault::new(&[2; 32]));
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let of = |vault: &Vault, id, purpose| vault.secret_of_server(id, purpose).into_exposed();
        let all = [of(&one, a, "x"), of(&one, a, "y"), of(&one, b, "x"), of(&other, a, "x")];
        assert_eq!(all.iter().collect::<std::collections::HashSet<_>>().len(), 4);
        assert_eq!(of(&Vault::new(&[1; 32]), a, "x"), all[0]);
    }

    #[test]
    fn a_sealed_value_opens_only_with_its_place_and_its_key() {
        let vault = Vault::ephemeral();
        let sealed = vault.seal("secret/1", b"hunter2");
        assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
        assert_eq!(vault.open_sealed("secret/1", &sealed).unwrap(), b"hunter2");
        assert!(vault.open_sealed("secret/2", &sealed).is_err());
        assert!(Vault::ephemeral().open_sealed("secret/1", &sealed).is_err());
        assert!(vault.open_sealed("secret/1", &sealed[..5]).is_err());
    }
}
