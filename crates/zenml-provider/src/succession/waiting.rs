//! The retired objects that this run knows.

use std::collections::BTreeMap;

use tokio::sync::Mutex;
use zenml_api::WorkspaceId;

use super::held::Held;
use crate::in_workspace::scope::Server;

/// Retired objects by workspace and kind: those that existed when this run first listed them, and those that it has
/// retired itself.
#[derive(Debug, Default)]
pub(super) struct Waiting(Mutex<BTreeMap<(Option<WorkspaceId>, &'static str), Known>>);

#[derive(Debug, Default)]
struct Known {
    was_asked: bool,
    /// Their names by their ids.
    names: BTreeMap<String, String>,
}

impl Waiting {
    /// Adds an object that this run has retired.
    pub(super) async fn note<K: Held>(&self, server: &Server, id: K::Id, name: String) {
        let mut all = self.0.lock().await;
        all.entry(key::<K>(server)).or_default().names.insert(id.to_string(), name);
    }

    /// Returns the names of all known retired objects by id. A failed list is tried again later; it is not an error
    /// here.
    pub(super) async fn of<K: Held>(&self, server: &Server) -> BTreeMap<String, String> {
        let mut all = self.0.lock().await;
        let known = all.entry(key::<K>(server)).or_default();
        if !known.was_asked
            && let Ok(found) = K::retired(server).await
        {
            known.names.extend(found.into_iter().map(|(id, name)| (id.to_string(), name)));
            known.was_asked = true;
        }
        known.names.clone()
    }
}

fn key<K: Held>(server: &Server) -> (Option<WorkspaceId>, &'static str) {
    (server.workspace_id, K::NOUN.words)
}
