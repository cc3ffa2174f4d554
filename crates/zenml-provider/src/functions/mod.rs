//! Functions: pure, offline, and called as `provider::zenml::NAME(…)`.

mod form;
mod import_id;
mod key_parts;
mod parse_import_id;
mod secret_reference;

pub use import_id::ImportId;
pub use key_parts::KeyParts;
pub use parse_import_id::ParseImportId;
pub use secret_reference::SecretReference;
