//! Ephemeral resources, with the checks that the hosts make.

use std::time::SystemTime;

use serde_json::Value as Json;
use tfkit::engine::{CloseRequest, OpenRequest, RenewRequest, ValidateRequest};
use tfkit::plan::check_plan;
use tfkit::{Diag, Dyn, Kind};

use super::state::Harness;
use super::{Failure, input, wire};

/// Title of Terraform's error about an invalid result.
const INVALID: &str = "Provider produced invalid ephemeral resource instance";

/// An open ephemeral resource. Close it with [`Harness::close`].
#[derive(Clone, Debug)]
#[must_use = "an ephemeral resource must be closed"]
pub struct OpenResource {
    /// Full name of its type.
    pub type_name: String,
    /// The configuration with all computed values. They are unknown if nothing was opened, because a value that the
    /// provider needs is unknown.
    pub result: Dyn,
    /// When it must be renewed; `None` for never.
    pub renew_at: Option<SystemTime>,
    /// Warnings.
    pub warnings: Vec<Diag>,
    private: Vec<u8>,
}

impl Harness {
    /// Opens an ephemeral resource, by the full name of its type.
    pub async fn open(&self, type_name: &str, config: Json) -> Result<OpenResource, Failure> {
        let schema = self.engine.schema(Kind::EphemeralResource, type_name);
        let schema =
            schema.ok_or_else(|| Failure::Mistake(format!("unknown ephemeral resource {type_name}")))?;
        let config = wire::cross(&input::config(&schema.attributes, &config)?, schema)?;
        let type_name = type_name.to_owned();
        let request = ValidateRequest {
            type_name: type_name.clone(),
            config: config.clone(),
            write_only_allowed: false,
        };
        Failure::of("validation", self.engine.validate(Kind::EphemeralResource, request).await)?;
        let request =
            OpenRequest { type_name: type_name.clone(), config: config.clone(), unknown_allowed: true };
        let opened = self.engine.open_ephemeral_resource(request).await;
        let warnings = Failure::of("open", opened.diags)?;
        let result = wire::cross(&opened.result, schema)?;
        check_plan(&schema.attributes, &Dyn::Null, &config, &result).map_err(Failure::violation(INVALID))?;
        Ok(OpenResource { type_name, result, renew_at: opened.renew_at, warnings, private: opened.private })
    }

    /// Renews an ephemeral resource, as at the time that it asked for. Returns the warnings.
    pub async fn renew(&self, open: &mut OpenResource) -> Result<Vec<Diag>, Failure> {
        let request = RenewRequest { type_name: open.type_name.clone(), private: open.private.clone() };
        let renewed = self.engine.renew_ephemeral_resource(request).await;
        // OpenTofu closes with this, also after a failure.
        open.private = renewed.private;
        open.renew_at = renewed.renew_at;
        Failure::of("renewal", renewed.diags)
    }

    /// Closes an ephemeral resource. Returns the warnings.
    pub async fn close(&self, open: OpenResource) -> Result<Vec<Diag>, Failure> {
        let request = CloseRequest { type_name: open.type_name, private: open.private };
        Failure::of("close", self.engine.close_ephemeral_resource(request).await)
    }
}
