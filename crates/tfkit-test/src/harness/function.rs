//! Calls of functions, with the checks that the hosts make.

use serde_json::Value as Json;
use tfkit::engine::{CallRequest, FunctionError};
use tfkit::value::{json, msgpack};
use tfkit::{Dyn, Engine, Type};

use super::{Failure, input};

/// Calls a function as a host does, without a configuration of the provider. An argument may be
/// [`unknown`](super::unknown).
///
/// The result is unknown without a call if an argument is unknown and the function does not allow that.
///
/// # Panics
///
/// If the call or its result would be a bug: of the test or of the provider.
pub async fn call_function(engine: &Engine, name: &str, arguments: &[Json]) -> Result<Json, FunctionError> {
    let signature = engine.function(name)?;
    let mut values = Vec::new();
    for (index, argument) in arguments.iter().enumerate() {
        let Some(parameter) = signature.parameter(index) else {
            values.push(Dyn::Null);
            continue;
        };
        let value = argument_of(&parameter.ty, argument)
            .unwrap_or_else(|failure| panic!("argument {index} of {name}: {failure}"));
        if !parameter.unknown && !value.wholly_known() {
            return Ok(input::unknown());
        }
        values.push(cross(&value, &parameter.ty));
    }
    let request = CallRequest { name: name.to_owned(), arguments: values };
    let result = engine.call_function(request.clone()).await?;
    assert_eq!(engine.call_function(request).await.as_ref(), Ok(&result), "{name} is not pure");
    Ok(shown(&cross(&result, &signature.returns), &signature.returns))
}

fn argument_of(ty: &Type, argument: &Json) -> Result<Dyn, Failure> {
    input::plain(ty, argument, &tfkit::Path::root())
}

/// Encodes and decodes a value, which must not change it.
fn cross(value: &Dyn, ty: &Type) -> Dyn {
    let bytes = msgpack::encode(value, ty).unwrap_or_else(|error| panic!("{error}"));
    let crossed = msgpack::decode(&bytes, ty).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(crossed, *value, "the value changes when it is encoded");
    crossed
}

fn shown(value: &Dyn, ty: &Type) -> Json {
    if value.is_unknown() {
        return input::unknown();
    }
    let text = json::encode(value.untyped(), ty).unwrap_or_else(|error| panic!("{error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}"))
}
