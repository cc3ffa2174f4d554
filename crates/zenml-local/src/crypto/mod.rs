//! Protection of stored credentials: key digests, password hashes, sealed secrets, and the master key.

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

/// Returns `N` random bytes from the operating system.
///
/// # Panics
/// If the operating system cannot provide random bytes. Nothing in this crate would be safe without them.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("the operating system provides random bytes");
    bytes
}

/// Returns a random URL-safe string of 256 bits, for passwords and enrollment keys.
pub(crate) fn random_string() -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random::<32>())
}
