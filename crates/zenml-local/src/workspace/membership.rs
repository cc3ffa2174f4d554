//! Sharing single objects with teams, users and service accounts.

use zenml_api::workspace::membership::{self as api, ShareQuery};
use zenml_api::{FlavorId, Identifier};

use super::account::{Me, enter};
use super::code_repository::CodeRepository;
use super::component::Component;
use super::connector::Connector;
use super::flavor::{self, Custom};
use super::noun::Served;
use super::secret::Secret;
use super::stack::Stack;
use super::tag::Tag;
use crate::error::{Error, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{
    self, Action, Actions, Kind, Object as _, Owner, Principal, Resource, Share, SharedObject, Tx,
    UnknownAction, UnknownKind,
};

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
        let object = locate(tx, me, kind, &query).await?;
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
            _ => return Err(Error::forbidden("Exactly one of team_id and user_id must be set.")),
        };
        rbac::share(tx, &allowed, principal, actions).await
    })
    .await
}

async fn locate(tx: &mut Tx, me: Me, kind: Kind, query: &ShareQuery) -> Result<SharedObject> {
    let id = query.resource_id;
    let unknown = || Error::not_found(format!("The {kind} {id} does not exist."));
    let one = Resource::one(kind, id.uuid());
    let found = match kind {
        Kind::Stack => locate_object::<Stack>(tx, me, query).await,
        Kind::StackComponent => locate_object::<Component>(tx, me, query).await,
        Kind::ServiceConnector => locate_object::<Connector>(tx, me, query).await,
        Kind::Secret => locate_object::<Secret>(tx, me, query).await,
        Kind::Flavor if flavor::is_built_in(FlavorId::from_uuid(id.uuid())) => Ok((one, Owner::Everyone)),
        Kind::Flavor => locate_object::<Custom>(tx, me, query).await,
        Kind::Tag => locate_object::<Tag>(tx, me, query).await,
        Kind::CodeRepository => locate_object::<CodeRepository>(tx, me, query).await,
        _ => Err(unknown()),
    };
    let (resource, owner) =
        found.map_err(|error| if error.status().as_u16() == 404 { unknown() } else { error })?;
    Ok(SharedObject { place: me.place, resource, owner })
}

async fn locate_object<N: Served>(tx: &mut Tx, me: Me, query: &ShareQuery) -> Result<(Resource, Owner)> {
    let found = N::locate(tx, me, &N::Id::from_uuid(query.resource_id.uuid()).into()).await?;
    Ok((found.resource(), found.target().owner))
}
