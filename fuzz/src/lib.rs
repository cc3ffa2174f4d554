//! What the fuzz targets of stored states and identities share.

use std::sync::LazyLock;

use tfkit::value::msgpack;
use tfkit::{Diag, Dyn, Engine, Type};
use tokio::runtime::{Builder, Runtime};
use zenml_provider::Zenml;

/// The provider.
pub static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(Zenml::default()));

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().build().expect("a runtime"));

/// Something that a host stored for an object: a state or an identity.
#[derive(Debug)]
pub struct Stored {
    /// Full name of the type, which may not exist.
    pub type_name: String,
    /// Version of the schema that wrote it.
    pub version: i64,
    /// What was stored, as JSON.
    pub json: Vec<u8>,
}

impl Stored {
    /// Reads it from one line: the name of the type, the version and the JSON, separated by single spaces.
    pub fn read(input: &[u8]) -> Option<Self> {
        let mut parts = input.splitn(3, |byte| *byte == b' ');
        let mut word = || str::from_utf8(parts.next()?).ok();
        let (type_name, version) = (word()?.to_owned(), word()?.parse().ok()?);
        Some(Self { type_name, version, json: parts.next()?.to_vec() })
    }
}

/// Waits for an upgrade, which must be refused with an error or give a value of this type. Without a type, it must be
/// refused.
pub fn check(upgrade: impl Future<Output = (Dyn, Vec<Diag>)>, ty: Option<&Type>) {
    let (value, diags) = RUNTIME.block_on(upgrade);
    let is_refused = diags.iter().any(Diag::is_error);
    assert!(is_refused || !value.is_null(), "neither upgraded nor refused");
    match ty {
        Some(ty) => assert!(msgpack::encode(&value, ty).is_ok(), "{value:?}"),
        None => assert!(is_refused, "the type does not exist: {value:?}"),
    }
}
