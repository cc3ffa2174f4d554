//! The fields that the measurements use of the messages in `crates/tfkit-serve/proto/tfplugin6.proto`.

use bytes::Bytes;
use prost::Message;
use tfkit::schema::Schema;
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
}

impl Value {
    /// Encodes a value like a host does.
    pub(in super::super) fn msgpack(value: &Dyn, ty: &Type) -> Result<Self, Failure> {
        let encoded = msgpack::encode(value, ty)
            .map_err(|error| Failure::new(format!("a value cannot be encoded: {error}")))?;
        Ok(Self { msgpack: encoded.into() })
    }

    /// Encodes an object with these strings. Everything else is null.
    pub(in super::super) fn strings(schema: &Schema, strings: &[(&str, &str)]) -> Result<Self, Failure> {
        let value = |name| strings.iter().find(|one| one.0 == name).map_or(Dyn::Null, |one| one.1.into());
        let attributes = schema.attributes.iter().map(|attribute| (attribute.name, value(attribute.name)));
        Self::msgpack(&Dyn::map(attributes), &schema.ty())
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
