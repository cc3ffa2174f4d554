//! The master key and what is derived from it.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::{constant_time, hkdf, hmac};

/// Why a vault cannot be opened, or a sealed value not be read.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The master key file cannot be read or written.
    #[error("cannot use the master key file {}", path.display())]
    File {
        /// The key file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The master key file is not 32 bytes long.
    #[error("the master key file {} is damaged; restore it from a backup, or start with a new database", path.display())]
    Damaged {
        /// The key file.
        path: PathBuf,
    },
    /// Others may read the master key.
    #[error("others than the owner may use the master key file {}; run: chmod 600 {}", path.display(), path.display())]
    Exposed {
        /// The key file.
        path: PathBuf,
    },
    /// A stored value was not sealed with this master key, or was changed.
    #[error("a stored secret cannot be decrypted; was the database moved without its master key?")]
    Sealed,
}

/// Seals secrets and computes digests, each with a key of its own that is derived from the master key.
pub(crate) struct Vault {
    sealing: RandomizedNonceKey,
    digests: hmac::Key,
    tokens: [u8; 32],
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(***)")
    }
}

impl Vault {
    /// Opens the vault of a database; creates its master key when there is none yet.
    pub(crate) fn open(database: &Path) -> Result<Self, VaultError> {
        let mut name = database.as_os_str().to_owned();
        name.push(".key");
        let path = PathBuf::from(name);
        let failed = |source| VaultError::File { path: path.clone(), source };
        let master = match OpenOptions::new().read(true).open(&path) {
            Ok(mut file) => {
                if file.metadata().map_err(failed)?.mode() & 0o077 != 0 {
                    return Err(VaultError::Exposed { path });
                }
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes).map_err(failed)?;
                <[u8; 32]>::try_from(bytes).map_err(|_| VaultError::Damaged { path: path.clone() })?
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let master = super::random();
                let mut file = OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(&path)
                    .map_err(failed)?;
                file.write_all(&master).and_then(|()| file.sync_all()).map_err(failed)?;
                master
            }
            Err(error) => return Err(failed(error)),
        };
        Ok(Self::new(&master))
    }

    /// A vault whose master key nobody keeps: what it seals ends with the process.
    pub(crate) fn ephemeral() -> Self {
        Self::new(&super::random())
    }

    fn new(master: &[u8; 32]) -> Self {
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"zenml-local").extract(master);
        Self {
            sealing: RandomizedNonceKey::new(&AES_256_GCM, &derive(&root, b"seal"))
                .expect("the derived key has the cipher's length"),
            digests: hmac::Key::new(hmac::HMAC_SHA256, &derive(&root, b"digest")),
            tokens: derive(&root, b"token"),
        }
    }

    /// Encrypts a value. `place` names where it is stored, and only from there it can be opened again.
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
    fn what_was_sealed_opens_only_in_its_place_and_with_its_key() {
        let vault = Vault::ephemeral();
        let sealed = vault.seal("secret/1", b"hunter2");
        assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
        assert_eq!(vault.open_sealed("secret/1", &sealed).unwrap(), b"hunter2");
        assert!(vault.open_sealed("secret/2", &sealed).is_err());
        assert!(Vault::ephemeral().open_sealed("secret/1", &sealed).is_err());
        assert!(vault.open_sealed("secret/1", &sealed[..5]).is_err());
    }

    #[test]
    fn a_master_key_is_made_once_and_refused_when_others_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("platform.db");
        let digest = Vault::open(&database).unwrap().digest(b"x");
        assert_eq!(Vault::open(&database).unwrap().digest(b"x"), digest);
        let key = directory.path().join("platform.db.key");
        assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Vault::open(&database), Err(VaultError::Exposed { .. })));
    }
}
