//! Permission checks for workspace servers, and shares of single objects.

use std::collections::BTreeMap;

use zenml_api::control::rbac as api;
use zenml_api::control::user::{AUTHORIZE_SERVER, AuthorizeServer, User};
use zenml_api::rbac::ResourceRef;
use zenml_api::{Identifier, TeamId, UserId, WorkspaceId};

use super::team::team_unchecked;
use super::user::user_unchecked;
use super::workspace::WorkspaceAt;
use crate::error::{Error, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{
    self, Action, Actions, Enter, Named, Owner, Principal, Read, Resource, SharedObject, WorkspacePlace,
};
use crate::store::{Sql, column};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .internal(&api::CHECK_PERMISSIONS, check)
        .internal(&api::CHECK_PERMISSIONS_OLD, check_old)
        .internal(&api::ALLOWED_RESOURCE_IDS, allowed_resource_ids)
        .internal(&api::USER_TEAM_IDS, user_team_ids)
        .internal(&api::SHARE, share)
        .internal(&api::FORGET, forget)
        .serve(&api::RESOURCE_MEMBERS, resource_members)
        .serve(&AUTHORIZE_SERVER, authorize_server)
}

async fn check(
    cx: Cx,
    (): (),
    query: api::CheckQuery,
    resources: Vec<String>,
) -> Result<BTreeMap<String, bool>> {
    answer(&cx, query.user_id, &query.action, &resources).await
}

async fn check_old(cx: Cx, (): (), query: api::OldCheckQuery, (): ()) -> Result<BTreeMap<String, bool>> {
    answer(&cx, query.user_id, &query.action, &query.resources).await
}

/// Every requested resource is a member of the response; workspace servers rely on it.
async fn answer(
    cx: &Cx,
    account: UserId,
    action: &zenml_api::rbac::Action,
    texts: &[String],
) -> Result<BTreeMap<String, bool>> {
    let action = parse_action(action)?;
    // A newer server may ask for kinds that this platform does not know: nobody can do anything with them.
    let resources: Vec<Option<Resource>> = texts.iter().map(|text| parse_resource(text).ok()).collect();
    let known: Vec<Resource> = resources.iter().copied().flatten().collect();
    cx.read(async |tx| {
        let place = own_place(cx, tx.sql()).await?;
        let decisions = rbac::check(tx.sql(), place, account.uuid(), action, &known).await?;
        let decided = |resource: &Option<Resource>| {
            resource.as_ref().and_then(|resource| decisions.get(resource)).copied().unwrap_or(false)
        };
        Ok(texts.iter().cloned().zip(resources.iter().map(decided)).collect())
    })
    .await
}

async fn allowed_resource_ids(
    cx: Cx,
    (): (),
    query: api::AllowedQuery,
    (): (),
) -> Result<api::AllowedResourceIds> {
    let action = parse_action(&query.action)?;
    let kind = parse_resource(query.resource.rsplit('@').next().unwrap_or_default());
    cx.read(async |tx| {
        let place = own_place(&cx, tx.sql()).await?;
        let Ok(kind) = kind else { return Ok(api::AllowedResourceIds::default()) };
        let allowed = rbac::allowed_ids(tx.sql(), place, query.user_id.uuid(), action, kind).await?;
        Ok(api::AllowedResourceIds {
            full_access: allowed.full_access,
            ids: allowed.ids.into_iter().collect(),
        })
    })
    .await
}

async fn user_team_ids(cx: Cx, (): (), query: api::UserTeamsQuery, (): ()) -> Result<Vec<TeamId>> {
    cx.read(async |tx| {
        let place = own_place(&cx, tx.sql()).await?;
        let rows = sqlx::query(
            "SELECT t.id FROM team_member m CROSS JOIN team t WHERE m.kind = 'user' AND m.member_id = $1 \
             AND t.id = m.team_id AND t.organization_id = $2 \
             AND EXISTS (SELECT 1 FROM account a WHERE a.id = $1 AND a.is_active = 1) ORDER BY t.id",
        )
        .bind(query.user_id.to_string())
        .bind(place.organization.to_string())
        .fetch_all(tx.sql())
        .await?;
        rows.iter().map(|row| column::id(row, "id")).collect()
    })
    .await
}

async fn share(cx: Cx, (): (), (): (), share: api::Share) -> Result<()> {
    let principal = match (share.user_id, share.team_id) {
        (Some(user), None) => Principal::User(user.uuid()),
        (None, Some(team)) => Principal::Team(team.uuid()),
        // With any status other than 403, the workspace would not pass the message on to its caller.
        _ => return Err(Error::forbidden("Exactly one of user_id and team_id must be set.")),
    };
    let actions = share.actions.iter().map(parse_action).collect::<Result<Actions>>()?;
    let resource = parse_resource(&share.resource.local().to_string())?;
    cx.tx(async |tx| {
        let place = own_place(&cx, tx.sql()).await?;
        let allowed = tx.allow(SharedObject { place, resource, owner: Owner::Nobody }).await?;
        if let Some(account) = share.sharing_user_id {
            let account = named(tx.sql(), account).await?;
            tx.on_behalf_of(&allowed, account);
        }
        rbac::share(tx, &allowed, principal, actions).await
    })
    .await
}

async fn forget(cx: Cx, (): (), query: api::ForgetQuery, (): ()) -> Result<()> {
    let resources = query
        .resources
        .iter()
        .map(|text| parse_resource(&text.clone().local().to_string()))
        .collect::<Result<Vec<_>>>()?;
    cx.tx(async |tx| {
        let place = own_place(&cx, tx.sql()).await?;
        rbac::forget(tx.sql(), place.workspace, &resources).await
    })
    .await
}

/// Whether the caller may enter a workspace. Its server asks with the caller's credential.
async fn authorize_server(cx: Cx, (): (), query: AuthorizeServer, (): ()) -> Result<User> {
    let id = cx.identity()?.account;
    cx.read(async |tx| {
        let workspace = WorkspaceAt::locate(tx.sql(), query.server_id).await?;
        tx.allow::<Enter, _>(workspace).await?;
        require_active(tx.sql(), workspace.place()).await?;
        let gone = || Error::not_found(format!("Account '{id}' was not found."));
        let user = user_unchecked(tx.sql(), id).await?.ok_or_else(gone)?;
        // A server rejects the second login of a person without an e-mail address (ZenML 0.98.0).
        Ok(User { email: user.email.or_else(|| Some(user.username.clone())), ..user })
    })
    .await
}

async fn resource_members(
    cx: Cx,
    (): (),
    query: api::ResourceQuery,
    (): (),
) -> Result<Vec<api::ResourceMember>> {
    let named: ResourceRef = query.resource.parse().map_err(|error| Error::value(format!("{error}")))?;
    let (Some(workspace), Some(_)) = (named.workspace, named.id) else {
        return Err(Error::value("The resource must specify a workspace and the id of an object."));
    };
    let resource = parse_resource(&named.local().to_string())?;
    cx.read(async |tx| {
        let at = WorkspaceAt::locate(tx.sql(), workspace).await?;
        tx.allow::<Read, _>(at).await?;
        let owner = crate::engine::owner_of(tx.sql(), at.place(), resource).await?;
        let allowed = tx.allow::<Read, _>(SharedObject { place: at.place(), resource, owner }).await?;
        let mut answer = Vec::new();
        for held in rbac::members(tx.sql(), &allowed).await? {
            let (user, team) = match held.principal {
                Principal::User(id) => (user_unchecked(tx.sql(), UserId::from_uuid(id)).await?, None),
                Principal::Team(id) => (None, Some(team_unchecked(tx.sql(), TeamId::from_uuid(id)).await?)),
                Principal::Invitation(_) => (None, None),
            };
            let actions = held.actions.iter().map(|action| zenml_api::rbac::Action::parse(action.as_str()));
            answer.push(api::ResourceMember { user, team, role: None, allowed_actions: actions.collect() });
        }
        Ok(answer)
    })
    .await
}

fn parse_action(action: &zenml_api::rbac::Action) -> Result<Action> {
    action.as_str().parse().map_err(|error: rbac::UnknownAction| Error::value(error.to_string()))
}

fn parse_resource(text: &str) -> Result<Resource> {
    text.parse().map_err(|error: rbac::InvalidResource| Error::value(error.to_string()))
}

/// Returns the workspace whose server sends the request.
async fn own_place(cx: &Cx, sql: &mut Sql) -> Result<WorkspacePlace> {
    let workspace = cx.workspace_server()?;
    let place = WorkspaceAt::locate(sql, WorkspaceId::from_uuid(workspace)).await?.place();
    require_active(sql, place).await?;
    Ok(place)
}

/// Nobody can use a deactivated workspace, even if its server still runs.
async fn require_active(sql: &mut Sql, place: WorkspacePlace) -> Result<()> {
    let state: String = sqlx::query_scalar("SELECT desired_state FROM workspace WHERE id = $1")
        .bind(place.workspace.to_string())
        .fetch_one(sql)
        .await?;
    if state == "deactivated" {
        return Err(Error::forbidden("The workspace is deactivated."));
    }
    Ok(())
}

/// Returns an account as the audit trail names it.
async fn named(sql: &mut Sql, account: UserId) -> Result<Named> {
    let row = sqlx::query("SELECT username, is_service_account FROM account WHERE id = $1")
        .bind(account.to_string())
        .fetch_optional(sql)
        .await?
        .ok_or_else(|| Error::forbidden(format!("Account '{account}', who shares, does not exist.")))?;
    Ok(Named {
        id: account.uuid(),
        name: column::text(&row, "username")?,
        is_service_account: column::flag(&row, "is_service_account")?,
    })
}
