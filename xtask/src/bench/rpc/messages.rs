//! The fields that the measurements use of the messages in `crates/tfkit-serve/proto/tfplugin6.proto`.

use bytes::Bytes;
use prost::Message;
use tfkit::value::msgpack;
use tfkit::{Dyn, Type};

use crate::Failure;

/// `Diagnostic.Severity.ERROR`.
const ERROR: i32 = 1;

/// `DynamicValue`.
#[derive(Clone, PartialEq, Message)]
pub(in super::super) struct Value {
    #[prost(bytes = "bytes", tag = "1")]
    pub(in super::super) msgpack: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(in super::super) json: Bytes,
}

impl Value {
    /// Encodes a value like a host does.
    pub(in super::super) fn msgpack(value: &Dyn, ty: &Type) -> Result<Self, Failure> {
        let encoded = msgpack::encode(value, ty)
            .map_err(|error| Failure::new(format!("a value cannot be encoded: {error}")))?;
        Ok(Self { msgpack: encoded.into(), json: Bytes::new() })
    }

    /// Writes a value as JSON, without its type.
    pub(in super::super) fn json(value: &serde_json::Value) -> Self {
        Self { msgpack: Bytes::new(), json: value.to_string().into() }
    }
}

/// `Diagnostic`.
#[derive(Clone, PartialEq, Message)]
pub(in super::super) struct Diagnostic {
    #[prost(int32, tag = "1")]
    severity: i32,
    #[prost(string, tag = "2")]
    summary: String,
    #[prost(string, tag = "3")]
    detail: String,
}

/// Fails with the first error.
pub(in super::super) fn succeed(diagnostics: &[Diagnostic]) -> Result<(), Failure> {
    match diagnostics.iter().find(|diagnostic| diagnostic.severity == ERROR) {
        Some(Diagnostic { summary, detail, .. }) => {
            Err(Failure::new(format!("the provider returned an error: {summary}\n{detail}")))
        }
        None => Ok(()),
    }
}

/// `ConfigureProvider.Request`.
#[derive(Clone, PartialEq, Message)]
pub(in super::super) struct Configure {
    #[prost(message, optional, tag = "2")]
    pub(in super::super) config: Option<Value>,
}

/// `ConfigureProvider.Response`.
#[derive(Clone, PartialEq, Message)]
pub(in super::super) struct Configured {
    #[prost(message, repeated, tag = "1")]
    pub(in super::super) diagnostics: Vec<Diagnostic>,
}

/// `ListResource.Request`.
#[derive(Clone, PartialEq, Message)]
pub(in super::super) struct List {
    #[prost(string, tag = "1")]
    pub(in super::super) type_name: String,
    #[prost(message, optional, tag = "2")]
    pub(in super::super) config: Option<Value>,
    #[prost(bool, tag = "3")]
    pub(in super::super) include_resource_object: bool,
    #[prost(int64, tag = "4")]
    pub(in super::super) limit: i64,
}

/// `ListResource.Event`.
#[derive(Clone, PartialEq, Message)]
pub(in super::super) struct Event {
    #[prost(string, tag = "2")]
    pub(in super::super) display_name: String,
    #[prost(message, optional, tag = "3")]
    pub(in super::super) resource_object: Option<Value>,
    #[prost(message, repeated, tag = "4")]
    pub(in super::super) diagnostics: Vec<Diagnostic>,
}

/// `PlanResourceChange.Request`.
#[derive(Clone, PartialEq, Message)]
pub(in super::super) struct Plan {
    #[prost(string, tag = "1")]
    pub(in super::super) type_name: String,
    #[prost(message, optional, tag = "2")]
    pub(in super::super) prior_state: Option<Value>,
    #[prost(message, optional, tag = "3")]
    pub(in super::super) proposed_new_state: Option<Value>,
    #[prost(message, optional, tag = "4")]
    pub(in super::super) config: Option<Value>,
}

/// `PlanResourceChange.Response`.
#[derive(Clone, PartialEq, Message)]
pub(in super::super) struct Planned {
    #[prost(message, optional, tag = "1")]
    pub(in super::super) planned_state: Option<Value>,
    #[prost(message, repeated, tag = "4")]
    pub(in super::super) diagnostics: Vec<Diagnostic>,
}
