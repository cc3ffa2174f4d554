//! The host with its provider and its state.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tfkit::engine::{ConfigureRequest, ReadRequest, UpgradeRequest};
use tfkit::value::json;
use tfkit::{Diag, Dyn, Engine, Kind, Schema};

use super::failure::Failure;
use super::{input, wire};

/// A host with one provider and its own state.
///
/// Configurations are JSON objects. Omitted attributes are null, and [`unknown`](super::unknown) is a value that is
/// known only after another apply. As in the host, every value passes through the wire encoding, and every state is
/// stored as JSON and upgraded before use.
///
/// Objects do not depend on each other here: each call handles one object. A result that the host would reject is a
/// [`Failure`] with the host's own title.
#[derive(Debug)]
pub struct Harness {
    pub(super) engine: Engine,
    pub(super) objects: BTreeMap<String, Object>,
    pub(super) write_only_allowed: bool,
}

/// One object in the state.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) type_name: String,
    pub(super) state: Dyn,
    pub(super) private: Vec<u8>,
    pub(super) identity: Dyn,
    pub(super) tainted: bool,
}

impl Harness {
    /// Starts a provider. Its schemas and its configuration must be valid.
    pub async fn start(engine: Engine, config: Json) -> Result<Self, Failure> {
        Failure::of("schemas", engine.problems())?;
        let mut harness = Self { engine, objects: BTreeMap::new(), write_only_allowed: true };
        harness.configure(config).await?;
        Ok(harness)
    }

    /// Continues with the same state and another provider process, whose configuration may now be known.
    pub async fn restart(&mut self, engine: Engine, config: Json) -> Result<Vec<Diag>, Failure> {
        self.engine = engine;
        self.configure(config).await
    }

    async fn configure(&mut self, config: Json) -> Result<Vec<Diag>, Failure> {
        let schema = self.engine.provider_schema();
        let config = wire::cross(&input::config(&schema.attributes, &config)?, schema)?;
        Failure::of("validation of the provider block", self.engine.validate_provider(config.clone()).await)?;
        let request = ConfigureRequest { host_version: "1.15.0".to_owned(), config };
        Failure::of("configuration of the provider", self.engine.configure(request).await)
    }

    /// Simulates a host that does not support write-only attributes.
    #[must_use]
    pub fn without_write_only(self) -> Self {
        Self { write_only_allowed: false, ..self }
    }

    /// Returns the engine of the provider.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Returns the state of an object, if there is one.
    pub fn state(&self, address: &str) -> Option<&Dyn> {
        self.objects.get(address).map(|object| &object.state)
    }

    /// Returns the identity of an object, if there is one.
    pub fn identity(&self, address: &str) -> Option<&Dyn> {
        self.objects.get(address).map(|object| &object.identity).filter(|identity| !identity.is_null())
    }

    /// Returns whether the next plan replaces the object, because its creation failed halfway.
    pub fn is_tainted(&self, address: &str) -> bool {
        self.objects.get(address).is_some_and(|object| object.tainted)
    }

    /// Returns all addresses in the state.
    pub fn addresses(&self) -> Vec<&str> {
        self.objects.keys().map(String::as_str).collect()
    }

    /// Removes an object from the state without deleting it.
    pub fn forget(&mut self, address: &str) {
        self.objects.remove(address);
    }

    pub(super) fn object(&self, address: &str) -> Result<&Object, Failure> {
        let object = self.objects.get(address);
        object.ok_or_else(|| Failure::Mistake(format!("{address} is not in the state")))
    }

    /// Returns the full name of the type in an address, with its schema.
    pub(super) fn type_of<'a>(&'a self, address: &'a str) -> Result<(&'a str, &'a Schema), Failure> {
        let (type_name, _) = address.split_once('.').ok_or_else(|| {
            Failure::Mistake(format!("the address {address:?} does not have the format TYPE.NAME"))
        })?;
        let schema = self.schema(type_name)?;
        Ok((type_name, schema))
    }

    /// Passes a state through its stored form and the provider's upgrade, as the host does before every use.
    pub(super) async fn restored(&self, object: &Object) -> Result<Object, Failure> {
        let schema = self.schema(&object.type_name)?;
        let stored = json::encode(&object.state, &schema.ty())
            .map_err(|error| Failure::host("Provider produced invalid object", error.to_string()))?;
        let type_name = object.type_name.clone();
        let request = UpgradeRequest { type_name, version: schema.version, json: stored.into_bytes() };
        let (state, diags) = self.engine.upgrade(request).await;
        Failure::of("upgrade of the state", diags)?;
        if state != object.state {
            return Err(Failure::host(
                "Invalid resource state upgrade",
                "state of the current version was changed",
            ));
        }
        Ok(object.clone())
    }

    /// Reads an object; `None` if it no longer exists. Also returns the warnings.
    pub(super) async fn read(&self, object: &Object) -> Result<(Option<Object>, Vec<Diag>), Failure> {
        let object = self.restored(object).await?;
        let schema = self.schema(&object.type_name)?;
        let request = ReadRequest {
            type_name: object.type_name.clone(),
            state: wire::cross(&object.state, schema)?,
            private: object.private.clone(),
            identity: object.identity.clone(),
        };
        let stored = self.engine.read(request).await;
        let warnings = Failure::of("refresh", stored.diags)?;
        if stored.state.is_null() {
            return Ok((None, warnings));
        }
        wire::check_state(&stored.state, schema, "Provider produced invalid object")?;
        let has_identity = self.engine.identity_schema(&object.type_name).is_some();
        if has_identity && stored.identity.is_null() {
            return Err(Failure::host(
                "Provider produced invalid object",
                "the identity is missing after a read",
            ));
        }
        let (state, private, identity) = (stored.state, stored.private, stored.identity);
        Ok((Some(Object { state, private, identity, ..object }), warnings))
    }

    pub(super) fn schema(&self, type_name: &str) -> Result<&Schema, Failure> {
        schema_of(&self.engine, type_name)
    }
}

pub(super) fn schema_of<'a>(engine: &'a Engine, type_name: &str) -> Result<&'a Schema, Failure> {
    let schema = engine.schema(Kind::Resource, type_name);
    schema.ok_or_else(|| Failure::Mistake(format!("unknown resource type {type_name}")))
}
