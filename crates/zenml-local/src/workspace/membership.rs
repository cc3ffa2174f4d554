//! Sharing single objects with teams, users and service accounts.

use zenml_api::workspace::membership::{self as api, ShareQuery};
use zenml_api::{CodeRepositoryId, FlavorId, IdOrName, Identifier, SecretId};

use super::account::{Me, enter};
use super::code_repository;
use super::component::Components;
use super::connector::Connectors;
use super::flavor::{self, Flavors};
use super::noun::{self, Noun};
use super::secret;
use super::stack::Stacks;
use super::tag::Tags;
use crate::error::{Error, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{
    self, Action, Actions, Kind, Object as _, Owner, Principal, Resource, Share, SharedObject, UnknownAction,
    UnknownKind,
};
use crate::store::Tx;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.serve(&api::SHARE, share)
}

async fn share(cx: Cx, (): (), query: ShareQuery, actions: Vec<zenml_api::rbac::Action>) -> Result<()> {
    let me = enter(&cx).await?;
    if query.user_id.is_some_and(|user| user.uuid() == me.account) {
        return Err(Error::value("You cannot change your own access."));
    }
    let kind: Kind =
        query.resource_type.as_str().parse().map_err(|error: UnknownKind| Error::value(error.to_string()))?;
    if kind == Kind::Project {
        return Err(Error::not_found("A project cannot be shared."));
    }
    let actions: Actions = actions
        .iter()
        .map(|action| action.as_str().parse::<Action>())
        .collect::<Result<_, UnknownAction>>()
        .map_err(|error| Error::value(error.to_string()))?;
    cx.tx(async |tx| {
        let object = find(tx, me, kind, &query).await?;
        let allowed = tx.allow::<Share, _>(object).await?;
        for action in actions.iter() {
            if !tx.permits(action, &object.target()).await? {
                let action = action.as_str().to_uppercase();
                return Err(Error::forbidden(format!(
                    "Insufficient permissions to {action} resource '{}'.",
                    object.resource
                )));
            }
        }
        let principal = match (query.team_id, query.user_id) {
            (Some(team), None) => Principal::Team(team.uuid()),
            (None, Some(user)) => Principal::User(user.uuid()),
            _ => return Err(Error::forbidden("Exactly one of team_id and user_id has to be given.")),
        };
        rbac::share(tx, &allowed, principal, actions).await
    })
    .await
}

async fn find(tx: &mut Tx, me: Me, kind: Kind, query: &ShareQuery) -> Result<SharedObject> {
    let id = query.resource_id;
    let unknown = || Error::not_found(format!("The {kind} {id} does not exist."));
    let one = Resource::one(kind, id.uuid());
    let found = match kind {
        Kind::Stack => owner::<Stacks>(tx, me, query).await,
        Kind::StackComponent => owner::<Components>(tx, me, query).await,
        Kind::ServiceConnector => owner::<Connectors>(tx, me, query).await,
        Kind::Secret => secret::find(tx, me, &IdOrName::Id(SecretId::from_uuid(id.uuid())))
            .await
            .map(|found| (one, found.owner.into())),
        Kind::Flavor if flavor::is_built_in(FlavorId::from_uuid(id.uuid())) => Ok((one, Owner::Everyone)),
        Kind::Flavor => owner::<Flavors>(tx, me, query).await,
        Kind::Tag => owner::<Tags>(tx, me, query).await,
        Kind::CodeRepository => {
            code_repository::share_of(tx, me.place, CodeRepositoryId::from_uuid(id.uuid())).await
        }
        _ => Err(unknown()),
    };
    let (resource, owner) =
        found.map_err(|error| if error.status().as_u16() == 404 { unknown() } else { error })?;
    Ok(SharedObject { place: me.place, resource, owner })
}

async fn owner<N: Noun>(tx: &mut Tx, me: Me, query: &ShareQuery) -> Result<(Resource, Owner)> {
    let found = noun::find::<N>(tx, me.place, query.resource_id.uuid()).await?;
    Ok((found.resource(), noun::owner::<N>(found.owner)))
}
