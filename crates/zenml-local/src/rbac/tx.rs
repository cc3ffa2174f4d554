//! A transaction on behalf of an actor.

use uuid::Uuid;

use super::action::Action;
use super::holdings::Holdings;
use super::identity::Actor;
use super::resource::{Kind, Target};
use crate::error::Result;
use crate::store::{Sql, Transaction};

/// One change, for the audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// What was done.
    pub(crate) action: Action,
    /// The kind of the object.
    pub(crate) kind: Kind,
    /// Which one, once that is known.
    pub(crate) id: Option<Uuid>,
    /// Its name, once that is known.
    pub(crate) name: Option<String>,
    /// Its organization.
    pub(crate) organization: Uuid,
    /// Its workspace, if any.
    pub(crate) workspace: Option<Uuid>,
    /// Further details. Never a secret.
    pub(crate) detail: Option<String>,
    /// The account that a workspace's server names as the one that acts; `None` if the actor acts for itself.
    pub(crate) on_behalf_of: Option<Named>,
}

/// An account, as the audit trail names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) is_service_account: bool,
}

impl Recorded {
    pub(crate) fn new(action: Action, target: &Target) -> Self {
        Self {
            action,
            kind: target.kind,
            id: target.id,
            name: None,
            organization: target.organization,
            workspace: target.workspace,
            detail: None,
            on_behalf_of: None,
        }
    }

    pub(crate) fn name(&mut self, id: Uuid, name: &str) {
        self.id = Some(id);
        self.name = Some(name.to_owned());
    }
}

/// A database transaction that knows its actor and records requested changes.
///
/// Whoever began it commits it or rolls it back ([`Cx::tx`](crate::http::Cx::tx) and similar). Inside, await only the
/// database, because all writers wait for each other.
#[derive(Debug)]
pub(crate) struct Tx {
    transaction: Transaction,
    actor: Actor,
    holdings: Option<Holdings>,
    recorded: Vec<Recorded>,
}

impl Tx {
    pub(crate) fn new(transaction: Transaction, actor: Actor) -> Self {
        Self { transaction, actor, holdings: None, recorded: Vec::new() }
    }

    /// The connection, for queries.
    pub(crate) fn sql(&mut self) -> &mut Sql {
        &mut self.transaction
    }

    /// Returns the actor of the transaction.
    pub(crate) const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Clears the cache of roles and shares after this transaction changed them.
    pub(crate) fn forget_rights(&mut self) {
        self.holdings = None;
    }

    pub(crate) const fn take_holdings(&mut self) -> Option<Holdings> {
        self.holdings.take()
    }

    pub(crate) fn keep_holdings(&mut self, holdings: Holdings) {
        self.holdings = Some(holdings);
    }

    /// Records a change for the audit trail. Returns its index.
    pub(crate) fn record(&mut self, change: Recorded) -> usize {
        self.recorded.push(change);
        self.recorded.len() - 1
    }

    pub(crate) fn recorded_mut(&mut self, record: usize) -> &mut Recorded {
        &mut self.recorded[record]
    }

    pub(crate) fn take_recorded(&mut self) -> Vec<Recorded> {
        std::mem::take(&mut self.recorded)
    }

    pub(crate) async fn commit(self) -> Result<()> {
        Ok(self.transaction.commit().await?)
    }

    /// Rolls back. The records must have been taken out before.
    pub(crate) async fn rollback(self) {
        self.transaction.rollback().await;
    }
}
