//! What waits under a retired name, as far as this run knows.

use std::collections::BTreeMap;

use tokio::sync::Mutex;
use zenml_api::WorkspaceId;

use super::held::Held;
use crate::in_workspace::scope::Server;

/// Retired objects by workspace and kind: those that were there when this run asked first, and those that it has retired
/// itself.
#[derive(Debug, Default)]
pub(super) struct Waiting(Mutex<BTreeMap<(Option<WorkspaceId>, &'static str), Known>>);

#[derive(Debug, Default)]
struct Known {
    was_asked: bool,
    /// Their names by their ids.
    names: BTreeMap<String, String>,
}

impl Waiting {
    /// Notes that this run has retired an object.
    pub(super) async fn note<K: Held>(&self, server: &Server, id: K::Id, name: String) {
        let mut all = self.0.lock().await;
        all.entry(key::<K>(server)).or_default().names.insert(id.to_string(), name);
    }

    /// The names of all that are known, by their ids. A server that does not answer is asked again later, and told of by
    /// whoever needs it more.
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
