//! Invitations. This version does not create any: local users exist before they are added, so the list is empty.

use zenml_api::control::invitation as api;
use zenml_api::{Identifier, OrganizationId};

use crate::error::Result;
use crate::http::{Cx, Routes};
use crate::rbac::{Allowed, Kind, Object, Read, Target};
use crate::store::{Query, Row, Sql, column};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.serve(&api::LIST, list)
}

/// Invitations of an organization.
#[derive(Clone, Copy, Debug)]
struct InvitationsOf(OrganizationId);

impl Object for InvitationsOf {
    fn target(&self) -> Target {
        Target::in_organization(self.0.uuid(), Kind::Invitation, None)
    }
}

async fn list(
    cx: Cx,
    id: OrganizationId,
    query: api::InvitationQuery,
    (): (),
) -> Result<Vec<api::Invitation>> {
    cx.read(async |tx| {
        let invitations = tx.allow::<Read, _>(InvitationsOf(id)).await?;
        select(tx.sql(), &invitations, &query).await
    })
    .await
}

async fn select(
    sql: &mut Sql,
    invitations: &Allowed<Read, InvitationsOf>,
    filter: &api::InvitationQuery,
) -> Result<Vec<api::Invitation>> {
    let mut query = Query::new("SELECT * FROM invitation WHERE organization_id = ");
    query.push_bind(invitations.object().0.to_string());
    if let Some(email) = &filter.email {
        query.push(" AND lower(email) = lower(").push_bind(email.clone()).push(")");
    }
    if filter.only_pending.unwrap_or(true) {
        query.push(" AND status = 'pending'");
    }
    query.push(" ORDER BY created, id");
    query.build().fetch_all(sql).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<api::Invitation> {
    Ok(api::Invitation {
        id: column::id(row, "id")?,
        email: column::text(row, "email")?,
        organization_id: column::optional_id(row, "organization_id")?,
        role_id: column::optional_id(row, "role_id")?,
        status: column::optional(row, "status")?,
        created: Some(column::time(row, "created")?),
        updated: Some(column::time(row, "updated")?),
    })
}
