//! Moving an object of another type or of another provider to a resource type, for a `moved` block.

use super::core::Engine;
use super::outcome::{self, Stored};
use super::task;
use super::upgrade::UpgradeRequest;
use crate::cx::Private;
use crate::diag::Diag;
use crate::erased::AnyResource;
use crate::plan::tidy;
use crate::resource::{Source, is_part_of};
use crate::value::{DecodeError, Dyn, Objects, conform, json};

/// An object to move, as the host stored it.
#[derive(Clone, Debug)]
pub struct MoveRequest {
    /// Full name of the new type.
    pub type_name: String,
    /// Address of the provider that has managed the object.
    pub source_provider: String,
    /// Full name of its type there.
    pub source_type: String,
    /// Version of the schema that wrote its state.
    pub version: i64,
    /// The stored attributes as JSON.
    pub json: Vec<u8>,
    /// Private bytes of the state.
    pub private: Vec<u8>,
    /// The stored identity as JSON; empty if there is none.
    pub identity: Vec<u8>,
}

impl Engine {
    /// Moves an object to a type. The state is null on failure. It may lack everything but the key: the host refreshes
    /// the object before it plans. Works without a configured provider, as the host does.
    pub async fn move_resource(&self, request: MoveRequest) -> Stored {
        let mut stored = Stored::unchanged(Dyn::Null, Vec::new(), Dyn::Null, Vec::new());
        match self.moved(request).await {
            Ok((state, private, identity)) => {
                (stored.state, stored.private, stored.identity) = (state, private.to_bytes(), identity);
            }
            Err(diag) => stored.diags.push(diag),
        }
        stored
    }

    async fn moved(&self, request: MoveRequest) -> Result<(Dyn, Private, Dyn), Diag> {
        let resource = self.0.resource(&request.type_name)?;
        if request.source_type == request.type_name && is_part_of(self.name(), &request.source_provider) {
            return self.same_type(&*resource, request).await;
        }
        let type_name = request.type_name.clone();
        let what = format!("move of {} to {type_name}", request.source_type);
        let work = Box::pin(async move { taken_over(&*resource, &request) });
        task::run(&what, work).await.flatten()
    }

    /// Takes over an object of the same type from this provider at another address, such as that of a mirror or of
    /// another registry.
    async fn same_type(
        &self,
        resource: &dyn AnyResource,
        request: MoveRequest,
    ) -> Result<(Dyn, Private, Dyn), Diag> {
        let MoveRequest { type_name, version, json, private, .. } = request;
        let (state, diags) = self.upgrade(UpgradeRequest { type_name, version, json }).await;
        match diags.into_iter().next() {
            Some(diag) => Err(diag),
            // A state of an earlier version may lack what an identity requires. The refresh adds it.
            None => Ok((state.clone(), Private::from_bytes(&private), identity(resource, &state))),
        }
    }
}

fn taken_over(resource: &dyn AnyResource, request: &MoveRequest) -> Result<(Dyn, Private, Dyn), Diag> {
    let unreadable = |error: DecodeError| {
        Diag::error(format!("The state of {} cannot be read", request.source_type)).why(error.to_string())
    };
    let state = json::parse(&request.json).map_err(unreadable)?;
    let stored_identity = match request.identity.as_slice() {
        [] => Dyn::Null,
        identity => json::parse(identity).map_err(unreadable)?,
    };
    let mut source = Source {
        provider: request.source_provider.clone(),
        type_name: request.source_type.clone(),
        version: request.version,
        identity: stored_identity,
        private: Private::from_bytes(&request.private),
    };
    let taken = resource.take_over(state, &mut source).ok_or_else(|| refused(resource, request))??;
    let schema = resource.schema();
    // A key has only some of the attributes.
    let whole = conform(taken, &schema.ty(), Objects::Lenient).map_err(|error| {
        Diag::bug(format!("The moved object does not match the schema of {}", request.type_name))
            .trace(error.to_string())
    })?;
    let state = tidy(schema, &Dyn::Null, outcome::without_unknown(whole))?;
    let identity = identity(resource, &state);
    Ok((state, source.private, identity))
}

fn identity(resource: &dyn AnyResource, state: &Dyn) -> Dyn {
    outcome::identity(resource, state, &Dyn::Null).unwrap_or(Dyn::Null)
}

fn refused(resource: &dyn AnyResource, request: &MoveRequest) -> Diag {
    let MoveRequest { type_name, source_provider, source_type, version, .. } = request;
    let sources = resource.sources();
    let listed: Vec<String> =
        sources.iter().map(|(name, provider)| format!("{name} of provider {provider}")).collect();
    let why = if listed.is_empty() {
        format!("No other type has objects that a {type_name} can take over.")
    } else {
        format!("A {type_name} can take over objects of: {}.", listed.join(", "))
    };
    Diag::error(format!("A {source_type} cannot be moved to {type_name}"))
        .why(format!("{why} The object was managed by provider {source_provider}, with schema version {version}."))
        .fix(format!(
            "Remove the `moved` block. If both describe the same object, import it and forget the old resource:\n  \
             terraform import {type_name}.NAME ID\n  terraform state rm {source_type}.NAME"
        ))
}
