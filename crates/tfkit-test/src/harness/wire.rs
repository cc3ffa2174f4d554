//! The host's side of the wire.

use tfkit::plan::hide_write_only;
use tfkit::value::msgpack;
use tfkit::{Dyn, Schema};

use super::Failure;

/// A value after it was encoded and decoded again, which must not change it.
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

/// What every state must be: of the schema's type, wholly known, and without write-only values.
pub(super) fn check_state(state: &Dyn, schema: &Schema, title: &'static str) -> Result<(), Failure> {
    cross(state, schema).map_err(|failure| Failure::host(title, failure.to_string()))?;
    if !state.wholly_known() {
        return Err(Failure::host(title, "the state holds unknown values"));
    }
    let mut hidden = state.clone();
    hide_write_only(&schema.attributes, &mut hidden);
    if hidden == *state { Ok(()) } else { Err(Failure::host(title, "the state holds a write-only value")) }
}
