//! Lists and generated configurations, with the checks that the host makes.

use serde_json::Value as Json;
use tfkit::engine::{GenerateRequest, ImportBy, ListRequest, ValidateRequest};
use tfkit::{Attribute, Diag, Dyn, Kind, Shape};

use super::plan::Refresh;
use super::state::Harness;
use super::{Failure, input, wire};

/// A result of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Its complete identity.
    pub identity: Dyn,
    /// Its name for people.
    pub display_name: String,
    /// The object; null if the list does not include it.
    pub object: Dyn,
}

/// The results of a list.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// The objects, in the order of the provider.
    pub found: Vec<Found>,
    /// Warnings to the user.
    pub warnings: Vec<Diag>,
}

impl Query {
    /// Returns the display names.
    pub fn names(&self) -> Vec<&str> {
        self.found.iter().map(|found| found.display_name.as_str()).collect()
    }
}

impl Harness {
    /// Lists objects of a resource type, up to a limit, as the host does for a block `list`.
    pub async fn list(&self, type_name: &str, filters: Json, limit: u64) -> Result<Query, Failure> {
        self.query(type_name, filters, limit, false).await
    }

    /// Lists whole objects, as the host does with `include_resource`.
    pub async fn list_objects(&self, type_name: &str, filters: Json, limit: u64) -> Result<Query, Failure> {
        self.query(type_name, filters, limit, true).await
    }

    async fn query(
        &self,
        type_name: &str,
        filters: Json,
        limit: u64,
        include_resource: bool,
    ) -> Result<Query, Failure> {
        let schema = self.engine.schema(Kind::ListResource, type_name);
        let schema = schema.ok_or_else(|| Failure::Mistake(format!("unknown list resource {type_name}")))?;
        let config = wire::cross(&input::config(&schema.attributes, &filters)?, schema)?;
        let type_name = type_name.to_owned();
        let request = ValidateRequest {
            type_name: type_name.clone(),
            config: config.clone(),
            write_only_allowed: self.write_only_allowed,
        };
        Failure::of("validation", self.engine.validate(Kind::ListResource, request).await)?;
        let identity = self.engine.identity_schema(&type_name).unwrap_or_default().ty();
        let of_object = self.schema(&type_name)?;
        let request = ListRequest { type_name, config, include_resource, limit: Some(limit) };
        let mut list = self.engine.list(request);
        let mut query = Query::default();
        while query.found.len() < usize::try_from(limit).unwrap_or(usize::MAX)
            && let Some(event) = list.next().await
        {
            query.warnings.extend(Failure::of("list", event.diags)?);
            if event.identity.is_null() {
                continue;
            }
            let fits = tfkit::value::msgpack::encode(&event.identity, &identity).is_ok();
            if !fits || !event.identity.wholly_known() {
                return Err(Failure::host("Provider produced invalid object", "the identity is incomplete"));
            }
            if !event.object.is_null() {
                wire::check_state(&event.object, of_object, "Provider produced invalid object")?;
            }
            let (identity, display_name, object) = (event.identity, event.display_name, event.object);
            query.found.push(Found { identity, display_name, object });
        }
        Ok(query)
    }

    /// Imports an object with a configuration that the provider generates, and returns the configuration as the host
    /// writes it: without sensitive values. Its plan must be empty.
    pub async fn generate(&mut self, address: &str, by: ImportBy) -> Result<Dyn, Failure> {
        self.import(address, by).await?;
        let object = self.object(address)?;
        let (type_name, state) = (object.type_name.clone(), object.state.clone());
        let schema = self.schema(&type_name)?;
        let request = GenerateRequest { type_name: type_name.clone(), state };
        let (mut config, diags) = self.engine.generate(request).await;
        Failure::of("generation of a configuration", diags)?;
        wire::check_state(&config, schema, "Provider produced invalid object")?;
        hide_sensitive(&schema.attributes, &mut config);
        let planned = self.plan_for(address, config.clone(), Refresh::Yes).await?;
        planned.must_be_empty("of the generated configuration")?;
        Ok(config)
    }
}

/// Replaces sensitive values with null, as the host does when it writes a configuration.
fn hide_sensitive(attributes: &[Attribute], config: &mut Dyn) {
    let Dyn::Map(values) = config else { return };
    for attribute in attributes {
        let Some(value) = values.get_mut(attribute.name) else { continue };
        if attribute.sensitive {
            *value = Dyn::Null;
        } else if let Shape::Nested(nesting, inner) = &attribute.shape {
            match (nesting, value) {
                (tfkit::Nesting::Single, value) => hide_sensitive(inner, value),
                (_, Dyn::List(elements)) => elements.iter_mut().for_each(|one| hide_sensitive(inner, one)),
                (_, Dyn::Map(elements)) => elements.values_mut().for_each(|one| hide_sensitive(inner, one)),
                _ => {}
            }
        }
    }
}
