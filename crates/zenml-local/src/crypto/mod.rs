//! What keeps credentials safe at rest: key digests, password hashes, sealed secrets, and the master key.

mod error;
mod key;
mod master;
mod password;
mod vault;

pub use error::VaultError;
pub(crate) use key::{ApiKey, PREFIX as API_KEY_PREFIX};
pub(crate) use master::MasterKey;
pub(crate) use password::Passwords;
pub(crate) use vault::Vault;

/// Fills `N` bytes from the operating system's generator.
///
/// # Panics
/// When the operating system has no randomness to give, where nothing that this crate does would be safe.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A random text of 256 bits that is safe in URLs, for passwords and enrollment keys.
pub(crate) fn random_text() -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random::<32>())
}
