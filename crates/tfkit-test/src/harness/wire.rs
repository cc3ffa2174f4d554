//! The host's side of the wire.

use tfkit::plan::hide_write_only;
use tfkit::value::msgpack;
use tfkit::{Dyn, Schema};

use super::Failure;

/// Encodes and decodes a value, which must not change it.
pub(super) fn cross(value: &Dyn, schema: &Schema) -> Result<Dyn, Failure> {
    let ty = schema.ty();
    let invalid = |error: String| Failure::host("Provider produced invalid object", error);
    let bytes = msgpack::encode(value, &ty).map_err(|error| invalid(error.to_string()))?;
    let crossed = msgpack::decode(&bytes, &ty).map_err(|error| invalid(error.to_string()))?;
    if crossed == *value {
        Ok(crossed)
    } else {
        Err(invalid("the value changes when it is encoded".to_owned()))
    }
}

/// Checks that a state has the type of the schema, is completely known, and contains no write-only values.
pub(super) fn check_state(state: &Dyn, schema: &Schema, title: &'static str) -> Result<(), Failure> {
    cross(state, schema).map_err(|failure| Failure::host(title, failure.to_string()))?;
    if !state.wholly_known() {
        return Err(Failure::host(title, "the state contains unknown values"));
    }
    let mut hidden = state.clone();
    hide_write_only(&schema.attributes, &mut hidden);
    if hidden == *state { Ok(()) } else { Err(Failure::host(title, "the state contains a write-only value")) }
}
