//! Query strings and forms.
//!
//! A query is a flat struct: members are strings, numbers, booleans, unit variants, options and lists of them. `None`
//! is omitted, and a list repeats its key. Decoding accepts booleans as Python or people write them (`True`, `1`,
//! `yes`), ignores unknown keys, and treats a single key as a list of one. `#[serde(flatten)]` does not work for
//! members that are not strings, because serde loses the types.

mod values;

use std::any::TypeId;

use serde::Serialize;
use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer};

use crate::codec::{CodecError, whole, without_values};
use values::Values;

/// Encodes a flat struct as `application/x-www-form-urlencoded`.
pub fn to_string<T: Serialize>(value: &T) -> Result<String, CodecError> {
    serde_html_form::to_string(value).map_err(|error| whole(&error))
}

/// Decodes `application/x-www-form-urlencoded` into a flat struct; `()` accepts anything.
pub fn from_str<T: DeserializeOwned + 'static>(text: &str) -> Result<T, CodecError> {
    if TypeId::of::<T>() == TypeId::of::<()>() {
        return T::deserialize(().into_deserializer())
            .map_err(|error: serde::de::value::Error| whole(&error));
    }
    let pairs: Vec<(String, String)> = serde_html_form::from_str(text).map_err(|error| whole(&error))?;
    let mut members: Vec<(String, Values)> = Vec::new();
    for (key, value) in pairs {
        match members.iter_mut().find(|(known, _)| *known == key) {
            Some((_, values)) => values.push(value),
            None => members.push((key, Values::of(value))),
        }
    }
    serde_path_to_error::deserialize(MapDeserializer::new(members.into_iter())).map_err(|error| CodecError {
        path: error.path().to_string(),
        message: without_values(error.inner()),
    })
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::id::TeamId;

    #[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Order {
        NewestFirst,
    }

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default)]
    struct Query {
        name: Option<String>,
        #[serde(rename = "team")]
        teams: Vec<TeamId>,
        limit: Option<u32>,
        hydrate: bool,
        order: Option<Order>,
    }

    const TEAM: &str = "00000000-0000-4000-8000-000000000001";

    #[test]
    fn none_is_omitted_and_lists_repeat_their_key() {
        let team: TeamId = TEAM.parse().unwrap();
        let query = Query {
            name: Some("a b&c=é".into()),
            teams: vec![team, team],
            limit: None,
            hydrate: true,
            order: Some(Order::NewestFirst),
        };
        let text = to_string(&query).unwrap();
        assert_eq!(
            text,
            format!("name=a+b%26c%3D%C3%A9&team={TEAM}&team={TEAM}&hydrate=true&order=newest_first")
        );
        assert_eq!(from_str::<Query>(&text).unwrap(), query);
        assert_eq!(to_string(&()).unwrap(), "");
        from_str::<()>("anything=1").unwrap();
    }

    #[test]
    fn decoding_accepts_what_python_and_people_write() {
        for yes in ["true", "True", "1", "on", "yes"] {
            assert!(from_str::<Query>(&format!("hydrate={yes}")).unwrap().hydrate, "{yes}");
        }
        for no in ["false", "False", "0", "off", "no"] {
            assert!(!from_str::<Query>(&format!("hydrate={no}")).unwrap().hydrate, "{no}");
        }
        let query: Query = from_str(&format!("unknown=x&limit=3&team={TEAM}")).unwrap();
        assert_eq!((query.limit, query.teams.len()), (Some(3), 1));
        let query: Query = from_str("limit=x&limit= 4 &name=").unwrap();
        assert_eq!((query.limit, query.name.as_deref()), (Some(4), Some("")), "the last value counts");
    }

    #[test]
    fn a_decoding_error_contains_the_key_and_not_the_value() {
        for (text, key) in [
            ("limit=hunter2", "limit"),
            ("hydrate=hunter2", "hydrate"),
            ("team=hunter2", "team"),
            ("order=hunter2", "order"),
        ] {
            let error = from_str::<Query>(text).unwrap_err();
            assert!(error.path.starts_with(key), "{error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_query_that_is_not_flat_is_rejected() {
        #[derive(Serialize)]
        struct Nested {
            outer: Query,
        }
        assert!(to_string(&Nested { outer: Query::default() }).is_err());
        assert!(to_string(&"text").is_err());
    }
}
