//! Upgrades stored identities of every resource type of the provider.
//!
//! Input: a byte that selects the type, a byte for the version, and the stored identity as JSON.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tfkit::engine::UpgradeIdentityRequest;
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
    let request = UpgradeIdentityRequest {
        type_name: type_name.to_owned(),
        version: i64::from(*version) - 1,
        json: json.to_vec(),
    };
    let (identity, diags) = RUNTIME.block_on(ENGINE.upgrade_identity(request));
    let is_error = diags.iter().any(tfkit::Diag::is_error);
    assert!(is_error || !identity.is_null(), "an identity that is neither upgraded nor refused");
    let schema = ENGINE.identity_schema(type_name).expect("the type has an identity");
    assert!(msgpack::encode(&identity, &schema.ty()).is_ok(), "{identity:?}");
});
