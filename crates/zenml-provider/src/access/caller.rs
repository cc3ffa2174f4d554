//! Warns of plans that revoke a role of the provider's own account.

use tfkit::model::Model;
use tfkit::{Diag, Plan};
use zenml_api::control::team;
use zenml_api::control::team::TeamMember;
use zenml_api::{TeamId, UserId};
use zenml_client::ApiError;

use super::people::{addresses_of, canonical};
use super::principal::Principal;
use crate::cache::Cache;
use crate::client::Client;
use crate::control;

/// Warns that a plan revokes a role of a principal, if the provider's own account is that principal or a member of
/// it.
pub async fn warn<M: Model>(client: &Client, plan: &mut Plan<M>, principal: &Principal, role: Option<&str>) {
    let name = role.unwrap_or("a role");
    warn_of(client, plan, principal, &format!("revokes {name} from the account that runs Terraform")).await;
}

/// Warns of what a plan does, such as "removes the account that runs Terraform from team …", if the provider's own account
/// is a principal or a member of it.
pub async fn warn_of<M: Model>(client: &Client, plan: &mut Plan<M>, principal: &Principal, what: &str) {
    if reaches_caller(client, principal).await {
        plan.warn(
            Diag::warning(format!("The plan {what}"))
                .why(
                    "The provider's own key has permissions through this. Later steps of this apply, and later runs, may \
                     no longer be allowed.",
                )
                .fix("Make sure that the account has the permissions it needs from another role."),
        );
    }
}

/// The accounts of each team that a run has read.
#[derive(Debug, Default)]
struct Members(Cache<TeamId, Vec<UserId>>);

/// Returns whether the provider's own account is affected. Only a warning depends on this, so a failed request counts
/// as no.
async fn reaches_caller(client: &Client, principal: &Principal) -> bool {
    let Ok(me) = control::account::me(client).await else { return false };
    match (principal.account(), principal.team()) {
        (Some(account), _) => account == me.id,
        (None, Some(team)) => {
            let read = async {
                let members = client.api().control_plane()?.call(&team::MEMBERS, team).await?;
                Ok::<_, ApiError>(members.into_iter().filter_map(account_of).collect::<Vec<_>>())
            };
            let members = client.memory::<Members>().0.get(&team, read).await;
            members.is_ok_and(|members| members.contains(&me.id))
        }
        (None, None) => {
            let wanted = principal.email().map(canonical);
            addresses_of(&me).any(|address| Some(canonical(address)) == wanted)
        }
    }
}

fn account_of(member: TeamMember) -> Option<UserId> {
    match member {
        TeamMember::User(user) => Some(user.id),
        TeamMember::Invitation(_) => None,
    }
}
