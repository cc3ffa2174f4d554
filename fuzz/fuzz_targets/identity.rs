//! Upgrades stored identities of every resource type of the provider.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tfkit::engine::UpgradeIdentityRequest;
use tfkit_fuzz::{ENGINE, Stored, check};

fuzz_target!(|input: &[u8]| {
    let Some(Stored { type_name, version, json }) = Stored::read(input) else { return };
    let ty = ENGINE.identity_schema(type_name).expect("the type has an identity").ty();
    let request = UpgradeIdentityRequest { type_name: type_name.to_owned(), version, json };
    check(ENGINE.upgrade_identity(request), &ty);
});
