//! Reads and writes the permissions of one principal on single objects.
//!
//! A share in the API is the complete set of a principal's actions on an object, so each write requires the current
//! one. The format of object names in reads is not documented, so all known formats are tried.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use tfkit::{Cx, Diag};
use zenml_api::control::rbac::{self, ResourceMember, ResourceQuery};
use zenml_api::control::role::RoleType;
use zenml_api::workspace::membership::{self, ShareQuery};
use zenml_api::{Identifier, ObjectId, WorkspaceId};
use zenml_client::ApiError;

use super::change::{Reading, WriteFailure};
use super::holder::Holder;
use super::need::{Actions, Object};
use crate::access::belonging::explained;
use crate::access::principal::Principal;
use crate::client::Client;
use crate::failure::{Needs, cannot};
use crate::in_workspace::scope::Server;
use crate::warning::warn_once;

/// The format of object names that the control plane accepts, after it was found.
#[derive(Debug, Default)]
struct UnderstoodForm(OnceLock<usize>);

/// Permissions that this run has granted without reading the existing ones.
#[derive(Debug, Default)]
struct BlindGrants(Mutex<BTreeMap<(WorkspaceId, Holder, String), Actions>>);

/// Returns whether a member has access through a share, and not through a role.
pub(crate) fn is_share(member: &ResourceMember) -> bool {
    member.role.as_ref().is_none_or(|role| role.kind == RoleType::Share)
}

/// Warns once in a run that permissions are only added.
pub(crate) fn warn_of_refusal(cx: &Cx<Client>) {
    warn_once(cx, "shares cannot be read", || {
        Diag::warning("Cannot read the permissions on single objects")
            .why(
                "The control plane does not let this key read who has access to single objects. The provider \
                 only adds permissions, never removes them, and keeps the state as it is.",
            )
            .fix(
                "Use the key of an account that can read them, such as one with the role Organization Admin.",
            )
    });
}

/// Returns the warning for permissions that could not be removed. `whose` says whose permissions on what, such as
/// `team/ID on secret/ID`.
pub(crate) fn left_behind(whose: &str) -> Diag {
    Diag::warning("Permissions were not removed")
        .why(format!(
            "The control plane does not let this key read the permissions of {whose}. Without them nothing can be \
             removed safely."
        ))
        .fix("Remove the permissions in the ZenML Pro dashboard.")
}

/// Returns who has access to an existing object.
pub(crate) async fn members(
    client: &Client,
    workspace: WorkspaceId,
    object: Object,
) -> Result<Vec<ResourceMember>, Diag> {
    match read(client, workspace, object, true).await? {
        Members::Are(members) => Ok(members),
        Members::Gone => Ok(Vec::new()),
        Members::Refused => Err(Diag::error(format!("Cannot read who has access to {object}"))
            .why("The control plane does not let this key read who has access to single objects.")
            .fix(
                "Use the key of an account that can read it, such as one with the role Organization Admin.",
            )),
    }
}

/// What a principal may do with an object through shares.
pub(crate) struct Held {
    pub(crate) holder: Holder,
    /// The principal, as every configuration can refer to it.
    pub(crate) principals: Vec<Principal>,
    pub(crate) actions: Actions,
}

/// Returns the shares of an object, each as [`Shares::read`] finds it for the same principal. `None` if the key has no
/// permission to read them.
pub(crate) async fn held_on(
    client: &Client,
    workspace: WorkspaceId,
    object: Object,
    exists: bool,
) -> Result<Option<Vec<Held>>, Diag> {
    let members = match read(client, workspace, object, exists).await? {
        Members::Are(members) => members,
        Members::Gone => Vec::new(),
        Members::Refused => return Ok(None),
    };
    let mut all: BTreeMap<Holder, Held> = BTreeMap::new();
    for member in members.iter().filter(|member| is_share(member) && !member.allowed_actions.is_empty()) {
        let Some(holder) = Holder::of_member(member) else { continue };
        if let Some(held) = all.get_mut(&holder) {
            held.actions.extend(member.allowed_actions.iter().cloned());
            continue;
        }
        let mut principals = Vec::new();
        for principal in Principal::all_of(member.user.as_ref(), member.team.as_ref(), None) {
            // An address counts only if it is that of a member.
            if Holder::known(client, workspace, &principal).await? == Some(holder) {
                principals.push(principal);
            }
        }
        let actions = member.allowed_actions.iter().cloned().collect();
        all.insert(holder, Held { holder, principals, actions });
    }
    Ok(Some(all.into_values().collect()))
}

/// Who has access to an object.
enum Members {
    Are(Vec<ResourceMember>),
    /// The object no longer exists.
    Gone,
    /// The caller has no permission to read it.
    Refused,
}

async fn read(
    client: &Client,
    workspace: WorkspaceId,
    object: Object,
    exists: bool,
) -> Result<Members, Diag> {
    let control_plane = client.control_plane()?;
    let form = client.memory::<UnderstoodForm>();
    let understood = &form.0;
    let known = understood.get().copied();
    let mut missing = false;
    for (index, resource) in object.resource().user_forms(workspace).into_iter().enumerate() {
        if known.is_some_and(|known| known != index) {
            continue;
        }
        match control_plane.send(&rbac::RESOURCE_MEMBERS, (), ResourceQuery { resource }, ()).await {
            Ok(members) => {
                // Another task may have found the same format.
                let _ = understood.set(index);
                return Ok(Members::Are(members));
            }
            Err(ApiError::NotFound(_)) => missing = true,
            Err(ApiError::Invalid(_) | ApiError::Forbidden(_) | ApiError::UnknownRoute(_)) => {}
            Err(error) => {
                let doing = format_args!("read who may use {object}");
                return Err(cannot(doing, Needs::ORGANIZATION_ADMIN, &error));
            }
        }
    }
    let is_gone = missing && (!exists || known.is_some());
    Ok(if is_gone { Members::Gone } else { Members::Refused })
}

/// Returns the name of the lock for the permissions of a holder in a workspace. They change one after the other,
/// because roles on several stacks, and shares, overlap on the same objects.
pub(crate) fn lock_name(workspace: WorkspaceId, holder: Holder) -> String {
    format!("grants of {holder:?} in {workspace}")
}

/// The shares of one principal in one workspace.
pub(crate) struct Shares<'a> {
    pub(crate) client: &'a Client,
    pub(crate) server: &'a Server,
    pub(crate) workspace: WorkspaceId,
    /// How the configuration refers to the holder, for messages.
    pub(crate) principal: &'a Principal,
    pub(crate) holder: Holder,
}

impl Shares<'_> {
    /// Reads the principal's own share of an object. It does not contain permissions from roles.
    ///
    /// `exists` means that the object certainly exists; then a response that it is not found means that the format of
    /// its name was not accepted.
    pub(crate) async fn read(&self, object: Object, exists: bool) -> Result<Reading, Diag> {
        Ok(match read(self.client, self.workspace, object, exists).await? {
            Members::Are(members) => Reading::Actions(self.own(&members)),
            Members::Gone => Reading::Actions(Actions::new()),
            Members::Refused => Reading::Refused,
        })
    }

    fn own(&self, members: &[ResourceMember]) -> Actions {
        let is_own = |member: &&ResourceMember| self.holder.is(member.user.as_ref(), member.team.as_ref());
        let own = members.iter().filter(|member| is_share(member)).filter(is_own);
        own.flat_map(|member| member.allowed_actions.iter().cloned()).collect()
    }

    /// Adds actions without reading the share, together with those that this run has granted to the same principal
    /// for other stacks.
    pub(crate) async fn add(&self, object: Object, actions: &Actions) -> Result<(), WriteFailure> {
        let all = {
            let key = (self.workspace, self.holder, object.to_string());
            let blind = self.client.memory::<BlindGrants>();
            let mut granted = blind.0.lock().unwrap_or_else(PoisonError::into_inner);
            let granted = granted.entry(key).or_default();
            granted.extend(actions.iter().cloned());
            granted.clone()
        };
        self.write(object, &all).await
    }

    /// Writes the complete share of an object. If the object is deleted there is nothing to remove.
    pub(crate) async fn write(&self, object: Object, actions: &Actions) -> Result<(), WriteFailure> {
        let query = ShareQuery {
            resource_type: object.kind.resource_type(),
            resource_id: ObjectId::from_uuid(object.id),
            team_id: self.holder.team(),
            user_id: self.holder.account(),
        };
        let actions: Vec<_> = actions.iter().cloned().collect();
        let removes = actions.is_empty();
        let outcome = self.server.api.send(&membership::SHARE, (), query, actions).await;
        match outcome {
            Err(ApiError::NotFound(_)) if removes => Ok(()),
            Ok(()) => Ok(()),
            Err(error) => {
                let diag = self.failed(object, &error);
                let diag = explained(self.client, self.workspace, self.principal, &error, diag).await;
                Err(WriteFailure { is_open: error.outcome_unknown(), diag })
            }
        }
    }

    fn failed(&self, object: Object, error: &ApiError) -> Diag {
        let diag = cannot(format_args!("grant {} on {object}", self.principal), Needs::SHARE, error);
        match (error, self.holder.account()) {
            (ApiError::Invalid(_), Some(_)) => diag.fix(
                "An account cannot grant itself permissions. If this is the account of the provider's own \
                 key, add it to a team.",
            ),
            _ => diag,
        }
    }
}
