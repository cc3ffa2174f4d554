//! Actions.

use serde_json::Value as Json;
use tfkit::engine::{ActionRequest, ValidateRequest};
use tfkit::{Diag, Dyn, Kind};
use tokio::sync::mpsc;

use super::state::Harness;
use super::{Failure, input, wire};

/// Number of messages that an action may send before the test reads them.
const MESSAGES: usize = 10_000;

/// The result of an action.
#[derive(Clone, Debug)]
pub struct Invoked {
    /// Its messages about the progress, in order.
    pub progress: Vec<String>,
    /// Warnings of the plan and of the run.
    pub warnings: Vec<Diag>,
}

impl Invoked {
    /// Returns the summaries of the warnings.
    pub fn told(&self) -> Vec<&str> {
        self.warnings.iter().map(|diag| diag.summary.as_str()).collect()
    }
}

impl Harness {
    /// Validates and plans an action, by the full name of its type. Values may be unknown. Returns the warnings.
    pub async fn plan_action(&self, type_name: &str, config: Json) -> Result<Vec<Diag>, Failure> {
        let config = self.config_of_action(type_name, &config)?;
        let type_name = type_name.to_owned();
        let request = ValidateRequest {
            type_name: type_name.clone(),
            config: config.clone(),
            write_only_allowed: self.write_only_allowed,
        };
        let validated = self.engine.validate(Kind::Action, request).await;
        let mut warnings = Failure::of("validation", validated)?;
        let planned = self.engine.plan_action(ActionRequest { type_name, config }).await;
        warnings.extend(Failure::of("plan", planned)?);
        Ok(warnings)
    }

    /// Validates, plans and runs an action, by the full name of its type.
    pub async fn invoke(&self, type_name: &str, config: Json) -> Result<Invoked, Failure> {
        let mut warnings = self.plan_action(type_name, config.clone()).await?;
        let config = self.config_of_action(type_name, &config)?;
        if !config.wholly_known() {
            return Err(Failure::Mistake("a configuration must be known when an action runs".to_owned()));
        }
        let (sender, mut messages) = mpsc::channel(MESSAGES);
        let request = ActionRequest { type_name: type_name.to_owned(), config };
        let ended = self.engine.invoke_action(request, sender).await;
        warnings.extend(Failure::of("invoke", ended)?);
        let mut progress = Vec::new();
        while let Ok(message) = messages.try_recv() {
            progress.push(message);
        }
        Ok(Invoked { progress, warnings })
    }

    fn config_of_action(&self, type_name: &str, config: &Json) -> Result<Dyn, Failure> {
        let schema = self.engine.schema(Kind::Action, type_name);
        let schema = schema.ok_or_else(|| Failure::Mistake(format!("unknown action {type_name}")))?;
        wire::cross(&input::config(&schema.attributes, config)?, schema)
    }
}
