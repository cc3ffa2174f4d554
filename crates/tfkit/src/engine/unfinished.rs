//! Calls that answer honestly until their own files are there.

use super::core::Core;
use super::*;

fn diag() -> Diag {
    Diag::bug("This call is not served yet")
}

impl<P: Provider> Core<P> {
    pub(super) fn validate_provider(&self, _: &Dyn) -> Diags {
        vec![]
    }
    pub(super) async fn configure(&self, _: ConfigureRequest) -> Diags {
        vec![diag()]
    }
    pub(super) fn validate_resource(&self, _: &ValidateRequest) -> Diags {
        vec![]
    }
    pub(super) fn validate_data_source(&self, _: &ValidateRequest) -> Diags {
        vec![]
    }
    pub(super) fn upgrade(&self, _: &UpgradeRequest) -> (Dyn, Diags) {
        (Dyn::Null, vec![diag()])
    }
    pub(super) async fn read(&self, request: ReadRequest) -> Stored {
        Stored {
            state: request.state,
            private: request.private,
            identity: request.identity,
            diags: vec![diag()],
        }
    }
    pub(super) async fn plan(&self, request: PlanRequest) -> PlanResponse {
        PlanResponse {
            planned: request.proposed,
            requires_replace: vec![],
            private: request.private,
            identity: request.identity,
            diags: vec![diag()],
        }
    }
    pub(super) async fn apply(&self, request: ApplyRequest) -> Stored {
        Stored {
            state: request.prior,
            private: request.private,
            identity: request.identity,
            diags: vec![diag()],
        }
    }
    pub(super) async fn import(&self, _: ImportRequest) -> Stored {
        Stored { state: Dyn::Null, private: vec![], identity: Dyn::Null, diags: vec![diag()] }
    }
    pub(super) async fn read_data_source(&self, _: DataSourceRequest) -> (Dyn, Diags) {
        (Dyn::Null, vec![diag()])
    }
}
