//! Upgrades stored identities of every resource type of the provider.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tfkit::engine::UpgradeIdentityRequest;
use tfkit_fuzz::{ENGINE, Stored, check};

fuzz_target!(|input: &[u8]| {
    let Some(Stored { type_name, version, json }) = Stored::read(input) else { return };
    let ty = ENGINE.identity_schema(&type_name).map(|schema| schema.ty());
    check(ENGINE.upgrade_identity(UpgradeIdentityRequest { type_name, version, json }), ty.as_ref());
});
