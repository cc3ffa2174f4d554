//! The file with the master key, next to its database.

use std::fs::OpenOptions;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::error::VaultError;
use super::vault::Vault;
use crate::file::{self, Draft};

/// Length of a master key, in bytes.
pub(crate) const LENGTH: usize = 32;

/// A master key. Anyone with the key and the database can read every secret.
pub(crate) struct MasterKey([u8; LENGTH]);

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(***)")
    }
}

impl MasterKey {
    /// Returns the path of the master key of a database.
    pub(crate) fn beside(database: &Path) -> PathBuf {
        let mut name = database.as_os_str().to_owned();
        name.push(".key");
        PathBuf::from(name)
    }

    /// Creates a new key, which is not stored in a file yet.
    pub(crate) fn generate() -> Self {
        Self(super::random())
    }

    /// Creates a key from its bytes; `None` if the length is wrong.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Returns the key itself, for the one place that writes it.
    pub(crate) const fn expose(&self) -> &[u8; LENGTH] {
        &self.0
    }

    /// Reads a key file; `None` if it does not exist.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, VaultError> {
        let failed = |source| VaultError::File { path: path.to_owned(), source };
        let found = match std::fs::metadata(path) {
            Ok(found) => found,
            // A broken symbolic link is an error: nothing is written to its target.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !path.is_symlink() => {
                return Ok(None);
            }
            Err(error) => return Err(failed(error)),
        };
        // Reading from a pipe would block, and a device would never end.
        if let Some(kind) = file::unusual(found.file_type()) {
            return Err(VaultError::NoFile { path: path.to_owned(), kind });
        }
        if found.mode() & 0o077 != 0 {
            return Err(VaultError::Exposed { path: path.to_owned() });
        }
        let mut bytes = Vec::new();
        let file = OpenOptions::new().read(true).open(path).map_err(failed)?;
        file.take(1 + LENGTH as u64).read_to_end(&mut bytes).map_err(failed)?;
        match Self::from_bytes(&bytes) {
            Some(key) => Ok(Some(key)),
            None => Err(VaultError::Damaged {
                path: path.to_owned(),
                length: usize::try_from(found.len()).unwrap_or(usize::MAX),
            }),
        }
    }

    /// Writes the key to a new file, completely or not at all.
    pub(crate) fn write(&self, path: &Path) -> Result<(), VaultError> {
        let write = || {
            let mut draft = Draft::beside(path)?;
            std::io::Write::write_all(draft.file(), &self.0)?;
            draft.keep_new(path)
        };
        write().map_err(|source| VaultError::File { path: path.to_owned(), source })
    }

    /// Returns the vault that this key opens.
    pub(crate) fn vault(&self) -> Vault {
        Vault::new(&self.0)
    }
}

impl Vault {
    /// Creates a vault whose master key is not stored: nobody can open its values after the process ends.
    pub(crate) fn ephemeral() -> Self {
        MasterKey::generate().vault()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_file_round_trips_and_an_invalid_one_is_rejected() {
        let directory = tempfile::tempdir().unwrap();
        let path = MasterKey::beside(&directory.path().join("platform.db"));
        assert!(MasterKey::read(&path).unwrap().is_none());
        let key = MasterKey::generate();
        key.write(&path).unwrap();
        assert_eq!(MasterKey::read(&path).unwrap().unwrap().expose(), key.expose());
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let again = MasterKey::generate().write(&path).unwrap_err();
        assert!(matches!(again, VaultError::File { .. }), "a key is never overwritten: {again}");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "no draft is left");

        let with_mode =
            |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        for mode in [0o640, 0o604, 0o660, 0o644] {
            with_mode(mode);
            assert!(matches!(MasterKey::read(&path), Err(VaultError::Exposed { .. })), "{mode:o}");
        }
        with_mode(0o600);
        for length in [0, 31, 33, 4096] {
            std::fs::write(&path, vec![7; length]).unwrap();
            let error = MasterKey::read(&path).unwrap_err();
            assert!(error.to_string().contains(&format!("it has {length} bytes")), "{error}");
        }
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(directory.path().join("nowhere"), &path).unwrap();
        assert!(matches!(MasterKey::read(&path), Err(VaultError::File { .. })));
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        let error = MasterKey::read(&path).unwrap_err();
        assert!(error.to_string().contains("is a directory, not a file"), "{error}");
    }
}
