//! Upgrades stored states of every resource type of the provider.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tfkit::Kind;
use tfkit::engine::UpgradeRequest;
use tfkit_fuzz::{ENGINE, Stored, check};

fuzz_target!(|input: &[u8]| {
    let Some(Stored { type_name, version, json }) = Stored::read(input) else { return };
    let ty = ENGINE.schema(Kind::Resource, &type_name).map(|schema| schema.ty());
    check(ENGINE.upgrade(UpgradeRequest { type_name, version, json }), ty.as_ref());
});
