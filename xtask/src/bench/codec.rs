//! Throughput of the value codec, compared with `serde_json` on the same values.

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tfkit::value::{Objects, json as text, msgpack};
use tfkit::{Dyn, Type};

use crate::Failure;

/// How long each direction is measured.
const TIME: Duration = Duration::from_millis(300);

/// Bytes per second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Throughput {
    pub(super) encode: f64,
    pub(super) decode: f64,
}

/// Measures our codec and the reference with a thousand components.
pub(super) fn measure() -> Result<[Throughput; 2], Failure> {
    let component = |index: u32| {
        json!({
            "name": format!("store-{index}"), "type": "artifact_store", "flavor": "s3", "size": index,
            "configuration": { "path": format!("s3://bucket/{index}"), "region": "eu-central-1" },
            "labels": { "team": "alpha", "tier": "production" }, "enabled": true, "note": null,
        })
    };
    let texts = || Type::String.map();
    let ty = Type::object([
        ("name", Type::String),
        ("type", Type::String),
        ("flavor", Type::String),
        ("size", Type::Number),
        ("configuration", texts()),
        ("labels", texts()),
        ("enabled", Type::Bool),
        ("note", Type::String),
    ])
    .list();
    let all = Json::from((0..1000).map(component).collect::<Vec<_>>());
    let failed = |what: &dyn std::fmt::Display| Failure::new(format!("the codec failed: {what}"));
    let bytes = serde_json::to_vec(&all).map_err(|error| failed(&error))?;
    let value = text::decode(&bytes, &ty, Objects::Lenient).map_err(|error| failed(&error))?;
    let encoded = msgpack::encode(&value, &ty).map_err(|error| failed(&error))?;
    let ours = Throughput {
        encode: per_second(encoded.len(), || msgpack::encode(black_box(&value), &ty).is_ok()),
        decode: per_second(encoded.len(), || {
            msgpack::decode(black_box(&encoded), &ty).is_ok_and(|value: Dyn| !value.is_null())
        }),
    };
    let theirs = Throughput {
        encode: per_second(bytes.len(), || serde_json::to_vec(black_box(&all)).is_ok()),
        decode: per_second(bytes.len(), || serde_json::from_slice::<Json>(black_box(&bytes)).is_ok()),
    };
    Ok([ours, theirs])
}

/// Repeats a step for a while.
fn per_second(bytes: usize, mut step: impl FnMut() -> bool) -> f64 {
    let began = Instant::now();
    let mut done = 0_u32;
    while began.elapsed() < TIME && step() {
        done += 1;
    }
    f64::from(done) * u32::try_from(bytes).map_or(f64::MAX, f64::from) / began.elapsed().as_secs_f64()
}
