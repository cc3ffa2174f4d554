//! Query results as the host prints them.

use serde_json::Value as Json;

use super::command::{Failed, Output};

/// The results of a query.
#[derive(Clone, Debug)]
pub struct Queried {
    messages: Vec<Json>,
}

impl Queried {
    /// Reads the output of `query -json`: one message per line.
    pub(super) fn read(output: &Output) -> Result<Self, Failed> {
        let parsed = output.stdout.lines().filter(|line| !line.trim().is_empty()).map(serde_json::from_str);
        let messages = parsed.collect::<Result<_, _>>();
        messages.map(|messages| Self { messages }).map_err(|error| {
            Failed::new("query", format!("did not print JSON lines: {error}"), output.clone())
        })
    }

    /// Returns the results of a list, by its address, such as `list.cloud_team.all`. A result has the members
    /// `display_name`, `identity` and, if the list includes it, `resource_object`.
    pub fn results(&self, address: &str) -> Vec<&Json> {
        let results = self.messages.iter().map(|message| &message["list_resource_found"]);
        results.filter(|result| result["address"] == address).collect()
    }

    /// Returns the display names of a list, in the order of the host.
    pub fn names(&self, address: &str) -> Vec<&str> {
        self.results(address).into_iter().filter_map(|result| result["display_name"].as_str()).collect()
    }

    /// Returns the summaries of the warnings.
    pub fn warnings(&self) -> Vec<&str> {
        let diagnostics = self.messages.iter().map(|message| &message["diagnostic"]);
        diagnostics
            .filter(|diagnostic| diagnostic["severity"] == "warning")
            .filter_map(|diagnostic| diagnostic["summary"].as_str())
            .collect()
    }
}
