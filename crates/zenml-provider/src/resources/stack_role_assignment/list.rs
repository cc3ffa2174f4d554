//! The list resource `zenml_stack_role_assignment`.

use std::collections::BTreeSet;

use tfkit::{Cx, Diag, ListResource, Listed, Model, Results};
use zenml_api::control::rbac::ResourceMember;
use zenml_api::workspace::stack::{Stack as ApiStack, StackQuery};
use zenml_api::{StackId, WorkspaceId};

use super::{StackRoleAssignment, StackRoleAssignmentKey};
use crate::access::people::name_of;
use crate::access::principal::Principal;
use crate::client::Client;
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::{InWorkspace as _, list, lookup, scope};
use crate::resources::stack::Stack;
use crate::sharing::need::Object;
use crate::sharing::shares::{is_share, members};
use crate::sharing::workspace_of_list;

/// Lists the roles on the stacks of a workspace, optionally filtered. It takes a request for each stack.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "stack_role_assignment", kind = list_resource)]
#[model(since = "3.1.0", needs = Needs::SHARE.text(), category = "ZenML Pro")]
pub struct StackRoleAssignmentFilters {
    /// ID of the workspace that contains the stacks. Default: the provider's workspace.
    pub workspace_id: Option<Id<WorkspaceId>>,
    /// List only roles on the stack with this ID.
    pub stack_id: Option<Id<StackId>>,
}

impl ListResource for StackRoleAssignment {
    type Filters = StackRoleAssignmentFilters;
    type Resource = Self;

    async fn list(
        cx: &Cx<Client>,
        filters: StackRoleAssignmentFilters,
        results: &mut Results<Self>,
    ) -> Result<(), Diag> {
        let client = cx.client().await?;
        let workspace = workspace_of_list(client, filters.workspace_id, "stack roles").await?;
        let server = scope::open(cx, Some(workspace)).await?;
        let query = StackQuery {
            id: filters.stack_id.iter().map(ToString::to_string).collect(),
            ..StackQuery::default()
        };
        let mut next = Some(0);
        while let Some(from) = next {
            let part = list::part::<Stack>(&server, query.clone(), from).await;
            let (stacks, following) = part.map_err(|error| lookup::unlisted(Stack::NOUN, &error))?;
            let is_wanted = |stack: &ApiStack| filters.stack_id.is_none_or(|Id(wanted)| stack.id == wanted);
            for stack in stacks.into_iter().filter(is_wanted) {
                of_stack(client, workspace, &stack, results).await?;
            }
            next = following;
        }
        Ok(())
    }
}

/// Lists the principals with a share of a stack. A principal with several shares is listed once.
async fn of_stack(
    client: &Client,
    workspace: WorkspaceId,
    stack: &ApiStack,
    results: &mut Results<StackRoleAssignment>,
) -> Result<(), Diag> {
    let members = members(client, workspace, Object::stack(stack.id)).await?;
    let mut seen = BTreeSet::new();
    for member in members.iter().filter(|member| is_share(member) && !member.allowed_actions.is_empty()) {
        let Some(principal) = Principal::of_member(member.user.as_ref(), member.team.as_ref()) else {
            continue;
        };
        if seen.insert(principal.clone()) {
            let key = StackRoleAssignmentKey {
                workspace_id: Id(workspace),
                stack_id: Id(stack.id),
                email: None,
                team_id: principal.team().map(Id),
                user_id: principal.user().map(Id),
                service_account_id: principal.service_account().map(Id),
            };
            let display_name = format!("{} ({})", who(member), stack.name);
            results.push(Listed { key, display_name, remote: None }).await;
        }
    }
    Ok(())
}

fn who(member: &ResourceMember) -> &str {
    let team = member.team.as_ref().map(|team| team.name.as_str());
    team.or_else(|| member.user.as_ref().map(name_of)).unwrap_or_default()
}
