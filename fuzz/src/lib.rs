//! What the fuzz targets of stored states and identities share.

use std::sync::LazyLock;

use tfkit::value::msgpack;
use tfkit::{Diag, Dyn, Engine, Kind, Type};
use tokio::runtime::{Builder, Runtime};
use zenml_provider::Zenml;

/// The provider.
pub static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(Zenml::default()));

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().build().expect("a runtime"));

/// Something that a host stored for an object: a state or an identity.
#[derive(Debug)]
pub struct Stored {
    /// Full name of the type.
    pub type_name: &'static str,
    /// Version of the schema that wrote it.
    pub version: i64,
    /// What was stored, as JSON.
    pub json: Vec<u8>,
}

impl Stored {
    /// Reads it from bytes: one that selects the type, one for the version, and the JSON.
    pub fn read(input: &[u8]) -> Option<Self> {
        let [selected, version, json @ ..] = input else { return None };
        let names = ENGINE.names(Kind::Resource);
        let type_name = names[usize::from(*selected) % names.len()];
        Some(Self { type_name, version: i64::from(*version) - 1, json: json.to_vec() })
    }
}

/// Waits for an upgrade, which must be refused with an error or give a value of this type.
pub fn check(upgrade: impl Future<Output = (Dyn, Vec<Diag>)>, ty: &Type) {
    let (value, diags) = RUNTIME.block_on(upgrade);
    let is_refused = diags.iter().any(Diag::is_error);
    assert!(is_refused || !value.is_null(), "neither upgraded nor refused");
    assert!(msgpack::encode(&value, ty).is_ok(), "{value:?}");
}
