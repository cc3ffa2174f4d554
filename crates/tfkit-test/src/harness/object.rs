//! An object in the state of the harness.

use tfkit::engine::{ReadRequest, UpgradeRequest};
use tfkit::value::json;
use tfkit::{Diag, Dyn};

use super::{Failure, Harness, wire};

/// What the state holds of one object.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) type_name: String,
    pub(super) state: Dyn,
    pub(super) private: Vec<u8>,
    pub(super) identity: Dyn,
    pub(super) tainted: bool,
}

impl Harness {
    /// Takes a state through its stored form and the provider's upgrade, as the host does before every use.
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

    /// Reads an object; none where it is gone. Also the warnings.
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
}
