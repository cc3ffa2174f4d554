//! Connectors of components that are created together with a stack.

use serde_json::Value;
use zenml_api::workspace::connector::{ConnectorCreate, ConnectorType, ConnectorUpdate};
use zenml_api::workspace::stack::NewConnector;
use zenml_api::workspace::{JsonMap, flavor::FlavorMetadata};
use zenml_api::{ConnectorId, Sensitive};

use super::change;
use super::object::{Connector, uses};
use crate::error::{Error, Result};
use crate::http::Cx;
use crate::rbac::{Allowed, Create, Read, Tx, Update};
use crate::workspace::account::Me;
use crate::workspace::noun::{self, All, Found, Stored, is_taken};
use crate::workspace::{name, python};

/// Whether a connector issues tokens that expire. Steps on separately started machines need tokens that do not.
const TEMPORARY: &str = "generate_temporary_tokens";

/// What a component needs to know about a connector to be linked to it.
#[derive(Clone, Debug)]
pub(crate) struct Linkable {
    /// The connector.
    pub(crate) id: ConnectorId,
    connector_type: String,
    resource_types: Vec<String>,
    resource_id: Option<String>,
    supports_instances: bool,
}

impl From<Stored<Connector>> for Linkable {
    fn from(row: Stored<Connector>) -> Self {
        Self {
            id: row.id(),
            connector_type: row.own.connector_type,
            resource_types: row.own.resource_types,
            resource_id: row.own.resource_id,
            supports_instances: row.own.supports_instances,
        }
    }
}

impl Linkable {
    /// Returns the resource for a component of a flavor, if the flavor can use this connector.
    ///
    /// The arguments are the component's resource and configuration from the request.
    pub(crate) fn resource(
        &self,
        flavor: &str,
        needs: &FlavorMetadata,
        given: Option<String>,
        configuration: &JsonMap,
    ) -> Result<Option<String>> {
        let Some(resource_type) = needs.connector_resource_type.as_deref().filter(|kind| !kind.is_empty())
        else {
            return Err(Error::value(format!("The flavor '{flavor}' does not use a service connector.")));
        };
        let attribute = needs.connector_resource_id_attr.as_deref().filter(|name| !name.is_empty());
        let named = attribute.and_then(|name| configuration.get(name)).and_then(|value| value.as_str());
        let named = named.filter(|resource| !resource.is_empty()).map(str::to_owned);
        let other_type = needs.connector_type.as_ref().filter(|kind| !kind.is_empty());
        let fits = other_type.is_none_or(|kind| *kind == self.connector_type)
            && self.resource_types.iter().any(|kind| kind == resource_type)
            && (attribute.is_none() || named.is_some());
        if !fits {
            return Err(Error::value("The service connector does not fit the flavor of the component."));
        }
        let given = given.filter(|resource| !resource.is_empty());
        match given.or(named).or_else(|| self.resource_id.clone()) {
            None if self.supports_instances => Err(Error::value(format!(
                "The service connector has access to several resources of type {resource_type}. Select one with \
                 `resource_id`."
            ))),
            resource => Ok(resource),
        }
    }
}

/// Returns an existing connector. If its tokens must not expire, it is changed, with all side effects of a change of
/// its configuration.
///
/// On a real server, permission to read the connector is enough for this; here, it requires permission to change it.
pub(crate) async fn existing(
    tx: &mut Tx,
    cx: &Cx,
    found: Found<Connector>,
    lasting: bool,
) -> Result<Linkable> {
    let vault = &cx.shared().vault;
    let readable = tx.allow::<Read, _>(found.clone()).await?;
    let mut row = noun::select(tx, &readable, vault).await?;
    if !lasting || row.own.plain.get(TEMPORARY) == Some(&Value::Bool(false)) {
        return Ok(row.into());
    }
    let allowed = tx.allow::<Update, _>(found).await?;
    tx.note(&allowed, row.id(), &row.name);
    let mut secret = noun::secret(tx, &allowed, vault).await?;
    let mut configuration = row.own.plain.clone();
    configuration.extend(secret.clone());
    configuration.insert(TEMPORARY.to_owned(), false.into());
    let configuration = Some(Sensitive::new(configuration));
    let update = ConnectorUpdate { configuration, ..ConnectorUpdate::default() };
    if uses(tx, &allowed).await? > 0 {
        change::refuse_in_use(&row.own, &update)?;
    }
    change::apply(&mut row, &mut secret, update)?;
    noun::write(tx, &allowed, vault, &mut row).await?;
    noun::write_secret(tx, &allowed, vault, &secret).await?;
    Ok(row.into())
}

/// Creates a connector for a stack with this name and these labels.
pub(crate) async fn made(
    tx: &mut Tx,
    cx: &Cx,
    me: Me,
    allowed: &Allowed<Create, All<Connector>>,
    stack: (&str, &JsonMap),
    new: NewConnector,
    lasting: bool,
) -> Result<Linkable> {
    let (stack, labels) = stack;
    let mut given = stack.to_owned();
    while is_taken(tx, allowed, &[("name", &given)]).await? {
        given = name::with_addition(stack);
    }
    let mut configuration = new.configuration.into_exposed();
    configuration.insert(TEMPORARY.to_owned(), (!lasting).into());
    let new = ConnectorCreate {
        name: given,
        connector_type: ConnectorType::Name(new.kind),
        auth_method: new.auth_method,
        configuration: Sensitive::new(configuration),
        labels: labels.iter().map(|(label, value)| (label.clone(), python::shown(value))).collect(),
        ..ConnectorCreate::default()
    };
    let (row, _) = change::make(tx, cx, me, allowed, new, None).await?;
    Ok(row.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn linkable(resource_id: Option<&str>, supports_instances: bool) -> Linkable {
        Linkable {
            id: ConnectorId::random(),
            connector_type: "aws".to_owned(),
            resource_types: vec!["s3-bucket".to_owned()],
            resource_id: resource_id.map(str::to_owned),
            supports_instances,
        }
    }

    fn needs(
        connector_type: Option<&str>,
        resource_type: Option<&str>,
        attribute: Option<&str>,
    ) -> FlavorMetadata {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        FlavorMetadata {
            connector_type: owned(connector_type),
            connector_resource_type: owned(resource_type),
            connector_resource_id_attr: owned(attribute),
            ..FlavorMetadata::default()
        }
    }

    #[test]
    fn the_resource_of_a_component_is_the_first_specified_one() {
        let configuration = |path: &str| JsonMap::from([("path".to_owned(), json!(path))]);
        let s3 = || needs(None, Some("s3-bucket"), Some("path"));
        for (connector, needs, given, path, expected) in [
            (linkable(None, true), s3(), Some("s3://given"), "s3://a", Ok(Some("s3://given"))),
            (linkable(Some("s3://own"), true), s3(), None, "s3://a", Ok(Some("s3://a"))),
            (
                linkable(Some("s3://own"), true),
                needs(None, Some("s3-bucket"), None),
                None,
                "",
                Ok(Some("s3://own")),
            ),
            (linkable(None, false), needs(Some("aws"), Some("s3-bucket"), None), None, "", Ok(None)),
            (
                linkable(None, true),
                needs(None, Some("s3-bucket"), None),
                None,
                "",
                Err("several resources of type s3-bucket"),
            ),
            (linkable(None, true), s3(), Some("s3://given"), "", Err("does not fit")),
            (
                linkable(None, true),
                needs(Some("gcp"), Some("s3-bucket"), None),
                None,
                "",
                Err("does not fit"),
            ),
            (linkable(None, true), needs(None, Some("gcs-bucket"), None), None, "", Err("does not fit")),
            (
                linkable(None, true),
                needs(None, None, None),
                None,
                "",
                Err("'own' does not use a service connector"),
            ),
        ] {
            let given = given.map(str::to_owned);
            let found = connector.resource("own", &needs, given, &configuration(path));
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found.as_deref(), expected),
                (Err(found), Err(part)) => assert!(found.to_string().contains(part), "{found}"),
                (found, expected) => panic!("{found:?}, not {expected:?}"),
            }
        }
    }
}
