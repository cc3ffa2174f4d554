//! Proofs of permission, which queries require. Only a transaction creates them, and only for itself.

use std::marker::PhantomData;

use printable::A;
use zenml_api::Identifier;

use super::action::{Act, Action, Create, Read};
use super::holdings::Holdings;
use super::identity::Actor;
use super::resource::{Kind, Level, Object, Owner, Target};
use super::tx::{Named, Recorded, Tx};
use super::visible::{Caller, Visible};
use crate::error::{Error, Result};
use crate::store::{Query, Sql};

/// The transaction's actor may do `A` to this object.
///
/// A query that reads or writes a noun takes one, so that a check cannot be forgotten and a check for another
/// action does not compile.
#[derive(Debug)]
pub(crate) struct Allowed<A, O> {
    object: O,
    record: Option<usize>,
    act: PhantomData<fn() -> A>,
}

impl<A, O> Allowed<A, O> {
    /// The object of the permission.
    pub(crate) const fn object(&self) -> &O {
        &self.object
    }
}

impl<P> Allowed<Create, P> {
    /// Permission to create an object includes permission for the created object.
    pub(crate) const fn created<O>(&self, object: O) -> Allowed<Create, O> {
        Allowed { object, record: self.record, act: PhantomData }
    }
}

impl<A, O> std::ops::Deref for Allowed<A, O> {
    type Target = O;

    fn deref(&self) -> &O {
        &self.object
    }
}

/// An action for which a ZenML server requires no permission beyond access to the workspace.
pub(crate) trait Open<A>: Object {}

/// The transaction's actor may list objects of a kind; the proof contains which of them.
#[derive(Debug)]
pub(crate) struct Listed<O> {
    object: O,
    visible: Visible,
    caller: Option<Caller>,
}

impl<O: Object> Listed<O> {
    /// The scope of the list.
    pub(crate) const fn object(&self) -> &O {
        &self.object
    }

    /// Adds ` AND (…)` to a statement so that it returns only visible rows.
    ///
    /// `id` and `owner` are the columns with the object's id and the control-plane id of its owner. With `everyone`,
    /// rows without an owner are visible to everyone; otherwise they belong to nobody.
    pub(crate) fn restrict(&self, query: &mut Query, id: &str, owner: Option<&str>, everyone: bool) {
        if self.visible == Visible::All {
            return;
        }
        query.push(" AND (1 = 0");
        if let (Some(owner), Some(caller)) = (owner, self.caller) {
            query.push(format_args!(" OR {owner} = ")).push_bind(caller.account.to_string());
        }
        if let (Some(owner), true) = (owner, everyone) {
            query.push(format_args!(" OR {owner} IS NULL"));
        }
        if let (Visible::Held, Some(caller)) = (&self.visible, self.caller) {
            query.push(" OR ");
            caller.push_held(query, &self.object.target(), id);
        }
        query.push(")");
    }
}

impl Tx {
    /// Proves that the actor may do `A` to `object`, or returns the error of the API: on the control plane, 404 if
    /// the actor may not even see the object, otherwise 403.
    ///
    /// Changes are recorded for the audit trail, even if they are rejected.
    pub(crate) async fn allow<A: Act, O: Object>(&mut self, object: O) -> Result<Allowed<A, O>> {
        let target = object.target();
        let record = A::ACTION.is_audited().then(|| self.record(Recorded::new(A::ACTION, &target)));
        if self.permits(A::ACTION, &target).await? {
            self.require_organization(&target).await?;
            return Ok(Allowed { object, record, act: PhantomData });
        }
        Err(self.refusal(A::ACTION, &target).await?)
    }

    /// The same for optional content: without permission, it returns no proof and records nothing.
    pub(crate) async fn try_allow<A: Act, O: Object>(&mut self, object: O) -> Result<Option<Allowed<A, O>>> {
        let target = object.target();
        if !self.permits(A::ACTION, &target).await? {
            return Ok(None);
        }
        let record = A::ACTION.is_audited().then(|| self.record(Recorded::new(A::ACTION, &target)));
        Ok(Some(Allowed { object, record, act: PhantomData }))
    }

    /// Returns the proof for what everyone with access to the workspace may do. It is recorded like every change.
    pub(crate) fn open<A: Act, O: Open<A>>(&mut self, object: O) -> Allowed<A, O> {
        let record = A::ACTION.is_audited().then(|| self.record(Recorded::new(A::ACTION, &object.target())));
        Allowed { object, record, act: PhantomData }
    }

    /// Returns the proof for a list that shows everything to everyone with access to the workspace.
    #[expect(clippy::unused_self, reason = "proofs come from a transaction")]
    pub(crate) fn list_open<O: Open<Read>>(&self, object: O) -> Listed<O> {
        Listed { object, visible: Visible::All, caller: None }
    }

    /// Proves that the actor may list objects of a kind, and determines which of them.
    pub(crate) async fn list<O: Object>(&mut self, object: O) -> Result<Listed<O>> {
        let target = object.target();
        let caller = self.caller().await?;
        let visible = if self.permits(Read::ACTION, &target).await? {
            Visible::All
        } else if caller.is_some() && self.counts(&target).await? {
            Visible::Held
        } else {
            Visible::Own
        };
        self.require_organization(&target).await?;
        Ok(Listed { object, visible, caller })
    }

    /// Only a caller who may do everything can name an organization that does not exist. All others have a grant in
    /// it.
    async fn require_organization(&mut self, target: &Target) -> Result<()> {
        let organization = target.organization;
        let everything = self.actor().identity().is_some_and(|identity| identity.is_superuser);
        if !everything || organization.is_nil() {
            return Ok(());
        }
        let known = sqlx::query("SELECT 1 FROM organization WHERE id = $1")
            .bind(organization.to_string())
            .fetch_optional(self.sql())
            .await?;
        let missing = Target::in_organization(organization, Kind::Organization, Some(organization));
        known.map(drop).ok_or_else(|| not_found(&missing))
    }

    /// Sets the object of a recorded change, for the audit trail.
    pub(crate) fn note<A, O>(&mut self, proof: &Allowed<A, O>, id: impl Identifier, name: &str) {
        if let Some(record) = proof.record {
            self.recorded_mut(record).name(id.uuid(), name);
        }
    }

    /// Records on whose behalf a workspace's server made a change.
    pub(crate) fn on_behalf_of<A, O>(&mut self, proof: &Allowed<A, O>, account: Named) {
        if let Some(record) = proof.record {
            self.recorded_mut(record).on_behalf_of = Some(account);
        }
    }

    /// Adds a detail to a recorded change.
    pub(crate) fn detail<A, O>(&mut self, proof: &Allowed<A, O>, detail: &str) {
        if let Some(record) = proof.record {
            self.recorded_mut(record).detail = Some(detail.to_owned());
        }
    }

    /// Whether the actor may do something, without a proof. For responses that only report it, not for queries.
    pub(crate) async fn permits(&mut self, action: Action, target: &Target) -> Result<bool> {
        match self.actor() {
            Actor::Platform => return Ok(true),
            Actor::Anonymous => return Ok(false),
            Actor::WorkspaceServer(workspace) => return Ok(target.workspace == Some(*workspace)),
            Actor::Account(_) => {}
        }
        // Own objects, and those of the server, do not require a look at roles.
        let own = self.actor().identity().map(|identity| identity.account.uuid());
        let by_owner = target.kind.level() != Level::Organization
            && target.id.is_some()
            && action != Action::Create
            && match target.owner {
                Owner::Everyone => true,
                Owner::Account(owner) => Some(owner) == own,
                Owner::Nobody => false,
            };
        if by_owner {
            return Ok(true);
        }
        self.holdings(async |holdings, sql| holdings.allow(sql, action, target).await)
            .await
            .map(|allowed| allowed.unwrap_or(false))
    }

    /// Returns the account of the actor, for conditions of statements; `None` if the actor is not an account.
    pub(crate) async fn caller(&mut self) -> Result<Option<Caller>> {
        self.holdings(async |holdings, sql| holdings.caller(sql).await).await
    }

    /// Whether shares and memberships count in the scope of the target. For a list of all organizations, this depends
    /// on each row.
    async fn counts(&mut self, target: &Target) -> Result<bool> {
        if target.kind == Kind::Team || target.organization.is_nil() {
            return Ok(true);
        }
        let organization = target.organization;
        self.holdings(async |holdings, sql| holdings.belongs_to(sql, organization).await)
            .await
            .map(|belongs| belongs.unwrap_or(false))
    }

    /// Evaluates the grants of the actor, if it is an account; what was read is cached for the duration of the
    /// transaction.
    async fn holdings<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Holdings, &mut Sql) -> Result<T>,
    ) -> Result<Option<T>> {
        let Some(account) = self.actor().identity().map(|identity| identity.account.uuid()) else {
            return Ok(None);
        };
        let mut holdings = self.take_holdings().unwrap_or_else(|| Holdings::of(account));
        let result = work(&mut holdings, self.sql()).await;
        self.keep_holdings(holdings);
        result.map(Some)
    }

    async fn refusal(&mut self, action: Action, target: &Target) -> Result<Error> {
        if target.kind.level() != Level::Organization {
            let action = action.as_str().to_uppercase();
            let resource = target.resource();
            return Ok(Error::forbidden(format!(
                "Insufficient permissions to {action} resource '{resource}'."
            )));
        }
        if target.organization.is_nil() && target.id.is_none() {
            let words = target.kind.words();
            return Ok(Error::forbidden(format!(
                "Insufficient permissions to {action} {} of this platform.",
                A(words)
            )));
        }
        let seen = match target.id {
            Some(_) => *target,
            // The parent of a list or of a new object.
            None => {
                Target::in_organization(target.organization, Kind::Organization, Some(target.organization))
            }
        };
        if self.permits(Action::Read, &seen).await? {
            let words = target.kind.words();
            Ok(Error::forbidden(format!("Insufficient permissions to {action} this {words}.")))
        } else {
            Ok(not_found(&seen))
        }
    }
}

/// The error for an object of the control plane that does not exist, or that the caller has no access to.
pub(crate) fn not_found(target: &Target) -> Error {
    let words = target.kind.words();
    match target.id {
        Some(id) => Error::not_found(format!("The {words} '{id}' was not found.")),
        None => Error::not_found(format!("The {words} was not found.")),
    }
}
