//! What the resources of a run grant to the same principals on the same objects.
//!
//! The server shows only the sum of all grants, so a resource that gives up actions has to know what the others want.
//! A host plans and applies resources in any order, and applies only those that change. So a resource tells the others
//! in each step, and each order is covered:
//!
//! - If the one that keeps its grants is planned first, the other one finds its wish, and stores it with the plan for the
//!   apply.
//! - If it is planned second, it finds that grants on its objects are given up, and plans an update that grants them
//!   again. In the apply, either it comes first and the other one finds its wish, or it repairs what the other one took.
//!
//! One case remains. A host plans an update once more for the apply, without what the first plan stored. So a resource that
//! gives up grants in place, and is planned second, cannot know what another one wants that does not change. The next
//! plan shows the lost grants and restores them. A deletion is planned only once.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tfkit::{Cx, Diag};
use zenml_api::WorkspaceId;

use super::holder::Holder;
use super::need::{Grants, in_both, read_texts, texts, union, without};
use crate::client::Client;

/// Key in the private state of a plan for what others want of the grants that the plan gives up.
const KEPT: &str = "kept";

/// A resource that grants something to a holder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owner<'a> {
    pub(crate) workspace: WorkspaceId,
    pub(crate) holder: Holder,
    /// Type and id of the resource.
    pub(crate) type_name: &'static str,
    pub(crate) id: &'a str,
}

/// What one resource wants, and what it gives up.
#[derive(Clone, Debug, Default)]
struct Wish {
    wants: Grants,
    gives_up: Grants,
}

/// The wishes for each holder in a workspace, by type and id of the resource.
#[derive(Debug, Default)]
struct Wishes(Mutex<BTreeMap<(WorkspaceId, Holder), Told>>);

type Told = BTreeMap<(&'static str, String), Wish>;

impl Owner<'_> {
    /// Tells the others a wish. Returns what resources of other types want and what they give up: those of the same type
    /// find each other on the server. `repairs` are grants that are being restored, so that nobody needs to restore them
    /// again.
    fn tell(&self, client: &Client, wish: Wish, repairs: &Grants) -> Wish {
        let wishes = client.memory::<Wishes>();
        let mut wishes = wishes.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all = wishes.entry((self.workspace, self.holder)).or_default();
        let mut others = Wish::default();
        for (_, other) in all.iter_mut().filter(|((type_name, _), _)| *type_name != self.type_name) {
            others.wants = union(others.wants, &other.wants);
            others.gives_up = union(others.gives_up, &other.gives_up);
            other.gives_up = without(&other.gives_up, repairs);
        }
        all.insert((self.type_name, self.id.to_owned()), wish);
        others
    }

    /// Called in a plan. Returns whether the plan has to grant again what it grants already, because another resource
    /// gives up grants on the same objects.
    pub(crate) fn plan(&self, cx: &Cx<Client>, wants: &Grants, gives_up: &Grants) -> Result<bool, Diag> {
        let Some(client) = cx.client_if_known() else { return Ok(false) };
        let others =
            self.tell(client, Wish { wants: wants.clone(), gives_up: gives_up.clone() }, &Grants::new());
        // A host that plans once more may have told this plan what the first one stored.
        let kept = union(in_both(gives_up, &others.wants), &stored(cx));
        if !kept.is_empty() {
            let kept = serde_json::to_value(texts(&kept)).unwrap_or_default();
            cx.set_private(KEPT, kept)?;
        }
        Ok(!in_both(wants, &others.gives_up).is_empty())
    }

    /// Called in an apply. Returns what others want.
    pub(crate) fn apply(&self, cx: &Cx<Client>, client: &Client, before: &Grants, now: &Grants) -> Grants {
        let others = self.tell(client, Wish { wants: now.clone(), gives_up: without(before, now) }, now);
        let wanted = union(others.wants, &stored(cx));
        cx.remove_private(KEPT);
        wanted
    }
}

fn stored(cx: &Cx<Client>) -> Grants {
    let kept = cx.private(KEPT).and_then(|kept| serde_json::from_value(kept).ok());
    kept.map(|kept| read_texts(&kept)).unwrap_or_default()
}
