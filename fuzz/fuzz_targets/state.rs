//! Upgrades stored states of every resource type of the provider.
//!
//! Input: a byte that selects the type, a byte for the version, and the stored state as JSON.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tfkit::engine::UpgradeRequest;
use tfkit::value::msgpack;
use tfkit::{Engine, Kind};
use tokio::runtime::{Builder, Runtime};
use zenml_provider::Zenml;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(Zenml::default()));
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Builder::new_current_thread().build().expect("a runtime"));

fuzz_target!(|input: &[u8]| {
    let [selected, version, json @ ..] = input else { return };
    let names = ENGINE.names(Kind::Resource);
    let type_name = names[usize::from(*selected) % names.len()];
    let request = UpgradeRequest {
        type_name: type_name.to_owned(),
        version: i64::from(*version) - 1,
        json: json.to_vec(),
    };
    let (state, diags) = RUNTIME.block_on(ENGINE.upgrade(request));
    let is_error = diags.iter().any(tfkit::Diag::is_error);
    assert!(is_error || !state.is_null(), "a state that is neither upgraded nor refused");
    let schema = ENGINE.schema(Kind::Resource, type_name).expect("the type has a schema");
    assert!(msgpack::encode(&state, &schema.ty()).is_ok(), "{state:?}");
});
