//! Running an action.

use tokio::sync::mpsc;

use super::core::{Core, Diags, Engine};
use super::outcome::take;
use super::plan_action::ActionRequest;
use super::task::operate;
use crate::cx::{Call, Cx, Notes, SharedNotes, lock, unknown_provider};
use crate::diag::Diag;
use crate::model::Operation;
use crate::plan::{prepare, show_write_only};
use crate::value::Dyn;

impl Engine {
    /// Runs an action to its end. Its messages about the progress go to `progress`, where they are dropped if it is
    /// full or closed.
    pub async fn invoke_action(&self, request: ActionRequest, progress: mpsc::Sender<String>) -> Diags {
        let notes = Notes::after(&[]);
        let invoked = self.0.invoked(request, progress, &notes).await;
        let mut diags = take(&notes).diags;
        diags.extend(invoked.err());
        diags
    }
}

impl Core {
    async fn invoked(
        &self,
        request: ActionRequest,
        progress: mpsc::Sender<String>,
        notes: &SharedNotes,
    ) -> Result<(), Diag> {
        let ActionRequest { type_name, config } = request;
        let (action, config) = match self.action_with(&type_name, config) {
            Ok(found) => found,
            Err(diags) => {
                lock(notes).diags.extend(diags);
                return Ok(());
            }
        };
        if self.shared.stop.is_set() {
            return Err(Cx::<()>::cancelled());
        }
        if let Some(paths) = self.provider.waits_for() {
            return Err(unknown_provider(&paths));
        }
        let attributes = &action.schema().attributes;
        let filled = show_write_only(attributes, &config, prepare(attributes, &Dyn::Null, &config));
        let call = self.call(Operation::Invoke, &filled, action.timeout(), notes);
        let call = Call { progress: Some(progress), ..call };
        operate("run", &type_name, action.invoke(call, filled)).await
    }
}
