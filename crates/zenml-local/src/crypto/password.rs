//! Passwords of local users: argon2id, away from the async threads.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use zenml_api::Sensitive;

use crate::error::Error;

/// Hashes a password for storage.
pub(crate) async fn hash_password(password: Sensitive<String>) -> Result<String, Error> {
    blocking(move || {
        let salt = super::random::<16>();
        let hash: PasswordHash = Argon2::default()
            .hash_password_with_salt(password.expose().as_bytes(), &salt)
            .map_err(|error| Error::internal("a password cannot be hashed", error))?;
        Ok(hash.to_string())
    })
    .await
}

/// Whether a password is the one that was hashed. An absent hash costs the same time as a wrong password, so
/// that the time of an answer does not tell whether the account exists.
pub(crate) async fn verify_password(
    password: Sensitive<String>,
    hash: Option<String>,
) -> Result<bool, Error> {
    /// A hash of the default cost that nothing matches in practice.
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA\
                          $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    blocking(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
        let matches = Argon2::default().verify_password(password.expose().as_bytes(), hash.as_str()).is_ok();
        Ok(known && matches)
    })
    .await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::internal("a password task ended early", error))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_same_password_verifies() {
        let hash = hash_password("correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(verify_password("correct horse".into(), Some(hash.clone())).await.unwrap());
        assert!(!verify_password("wrong".into(), Some(hash)).await.unwrap());
        assert!(!verify_password("wrong".into(), None).await.unwrap());
    }
}
