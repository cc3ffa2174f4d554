//! Decodes values of any type, and encodes what it decoded: the second encoding must be the same.
//!
//! Input: the type as JSON, a line break, and the value as MessagePack.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tfkit::Type;
use tfkit::value::msgpack;

fuzz_target!(|input: &[u8]| {
    let Some(end) = input.iter().position(|byte| *byte == b'\n') else { return };
    let Ok(ty) = Type::from_json(&input[..end]) else { return };
    let Ok(value) = msgpack::decode(&input[end + 1..], &ty) else { return };
    // A value that is too deep or too long may be refused, but only with an error.
    let Ok(encoded) = msgpack::encode(&value, &ty) else { return };
    let again = msgpack::decode(&encoded, &ty).expect("what was encoded can be decoded");
    let encoded_again = msgpack::encode(&again, &ty).expect("what was decoded can be encoded");
    assert_eq!(encoded, encoded_again, "{value:?} of {ty:?}");
});
