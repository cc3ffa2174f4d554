//! Validating a connector against its type, and separating its secrets from the rest.

use zenml_api::workspace::JsonMap;

use super::catalog::{self, Known, Method};
use crate::error::{Error, Result};

/// The requested connector.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) connector_type: String,
    pub(crate) auth_method: String,
    pub(crate) resource_types: Vec<String>,
    /// The configuration, including its secrets.
    pub(crate) configuration: JsonMap,
}

/// A validated connector.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Checked {
    pub(crate) resource_types: Vec<String>,
    pub(crate) supports_instances: bool,
    /// Members visible to everyone who may read the connector.
    pub(crate) plain: JsonMap,
    /// Members that are stored as secrets.
    pub(crate) secret: JsonMap,
}

/// Validates a connector like a server with the packages of its type. For an unknown type, nothing is validated, and
/// the whole configuration is plain.
pub(crate) fn check(wanted: Wanted) -> Result<Checked> {
    let Some(known) = catalog::find(&wanted.connector_type) else {
        return Ok(Checked {
            resource_types: wanted.resource_types,
            supports_instances: false,
            plain: wanted.configuration,
            secret: JsonMap::new(),
        });
    };
    let method = method(known, &wanted.auth_method)?;
    let resource_types = resource_types(known, wanted.resource_types)?;
    let (plain, secret) = split(method, wanted.configuration)?;
    let supports_instances = match resource_types.as_slice() {
        [only] => {
            known.resource_types.iter().any(|kind| kind.resource_type == *only && kind.supports_instances)
        }
        _ => false,
    };
    Ok(Checked { resource_types, supports_instances, plain, secret })
}

fn method<'a>(known: &'a Known, name: &str) -> Result<&'a Method> {
    known.auth_methods.iter().find(|method| method.key == name).ok_or_else(|| {
        let names: Vec<&str> = known.auth_methods.iter().map(|method| method.key.as_str()).collect();
        Error::value(format!(
            "Connectors of type '{}' do not support the authentication method '{name}'. They support: {}.",
            known.connector_type,
            names.join(", ")
        ))
    })
}

/// One type is kept; none, or more than one, means all types of the connector.
fn resource_types(known: &Known, wanted: Vec<String>) -> Result<Vec<String>> {
    let all = known.resource_type_names();
    if let Some(unknown) = wanted.iter().find(|name| !all.contains(name)) {
        return Err(Error::value(format!(
            "Connectors of type '{}' do not support the resource type '{unknown}'. They support: {}.",
            known.connector_type,
            all.join(", ")
        )));
    }
    Ok(if wanted.len() == 1 { wanted } else { all })
}

/// Separates the members. Members that the method does not know, and nulls, are dropped silently.
fn split(method: &Method, mut configuration: JsonMap) -> Result<(JsonMap, JsonMap)> {
    configuration.retain(|_, value| !value.is_null());
    let (mut plain, mut secret) = (JsonMap::new(), JsonMap::new());
    for attribute in &method.attributes {
        match configuration.remove(&attribute.name) {
            Some(value) if attribute.secret => {
                if !value.is_string() {
                    return Err(Error::value(format!(
                        "The attribute '{}' must be a string.",
                        attribute.name
                    )));
                }
                secret.insert(attribute.name.clone(), value);
            }
            Some(value) => {
                plain.insert(attribute.name.clone(), value);
            }
            None if attribute.required => {
                return Err(Error::value(format!("The attribute '{}' is required.", attribute.name)));
            }
            None => {}
        }
    }
    Ok((plain, secret))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn wanted(connector_type: &str, method: &str, types: &[&str], configuration: Value) -> Wanted {
        Wanted {
            connector_type: connector_type.to_owned(),
            auth_method: method.to_owned(),
            resource_types: types.iter().map(ToString::to_string).collect(),
            configuration: serde_json::from_value(configuration).unwrap(),
        }
    }

    fn role() -> Value {
        json!({"aws_access_key_id": "AK", "aws_secret_access_key": "SK", "region": "r", "role_arn": "arn"})
    }

    #[test]
    fn one_resource_type_is_kept_and_none_or_several_mean_all() {
        let all = ["aws-generic", "s3-bucket", "kubernetes-cluster", "docker-registry"];
        for (given, kept, instances) in [
            (vec!["s3-bucket"], vec!["s3-bucket"], true),
            (vec!["docker-registry"], vec!["docker-registry"], false),
            (vec![], all.to_vec(), false),
            (vec!["s3-bucket", "docker-registry"], all.to_vec(), false),
        ] {
            let checked = check(wanted("aws", "iam-role", &given, role())).unwrap();
            assert_eq!(checked.resource_types, kept, "{given:?}");
            assert_eq!(checked.supports_instances, instances, "{given:?}");
        }
    }

    #[test]
    fn secrets_are_separated_and_unknown_members_are_dropped() {
        let mut given = role();
        given["bogus"] = json!(1);
        given["policy"] = json!(null);
        let checked = check(wanted("aws", "iam-role", &[], given)).unwrap();
        assert_eq!(json!(checked.plain), json!({"region": "r", "role_arn": "arn"}));
        assert_eq!(json!(checked.secret), json!({"aws_access_key_id": "AK", "aws_secret_access_key": "SK"}));
    }

    #[test]
    fn an_unknown_type_is_not_validated() {
        let checked = check(wanted("zzz", "any", &["x", "y"], json!({"password": "p"}))).unwrap();
        assert_eq!(checked.resource_types, ["x", "y"]);
        assert_eq!(json!(checked.plain), json!({"password": "p"}));
        assert!(checked.secret.is_empty());
    }

    #[test]
    fn an_invalid_connector_is_rejected() {
        for (method, types, configuration, reason) in [
            ("nope", vec![], role(), "the authentication method 'nope'"),
            ("iam-role", vec!["nope"], role(), "the resource type 'nope'"),
            ("iam-role", vec![], json!({"region": "x"}), "'aws_access_key_id' is required"),
            ("implicit", vec![], json!({}), "'region' is required"),
            ("secret-key", vec![], json!({"aws_access_key_id": 5}), "'aws_access_key_id' must be a string"),
        ] {
            let refusal = check(wanted("aws", method, &types, configuration)).unwrap_err();
            assert_eq!(refusal.status(), 400);
            assert!(refusal.to_string().contains(reason), "{refusal}");
        }
    }
}
