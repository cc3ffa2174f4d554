//! Typed settings: as users write them, as they are sent, and as a server stores them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use tfkit::field::{Misfit, Value};
use tfkit::plan::same::{scalar, scalar_text};
use tfkit::{Dyn, Shape, Type};
use zenml_api::workspace::JsonMap;

/// An object of settings, each with its own type. Null settings are not sent.
#[derive(Clone, PartialEq)]
pub struct TypedSettings(Dyn);

/// Settings may contain a value that should have been a reference to a secret.
impl std::fmt::Debug for TypedSettings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("***")
    }
}

impl Value for TypedSettings {
    fn shape() -> Shape {
        Dyn::shape()
    }

    fn from_known(value: &Dyn) -> Result<Self, Misfit> {
        match value.untyped() {
            // A null can also have a type, such as that of a variable.
            Dyn::Null | Dyn::Map(_) => Ok(Self(value.clone())),
            _ => {
                Err(Misfit::new("must be an object")
                    .fix("Write it as\n  settings = {\n    NAME = VALUE\n  }"))
            }
        }
    }

    fn to_known(&self) -> Dyn {
        self.0.clone()
    }

    fn misfits(value: &Dyn) -> Vec<Misfit> {
        if value.is_unknown() { Vec::new() } else { Self::from_known(value).err().into_iter().collect() }
    }
}

impl TypedSettings {
    /// Creates settings from what a server stores, with the stored types.
    pub(super) fn of(stored: &JsonMap) -> Self {
        Self(object(stored.iter().map(|(key, value)| (key.clone(), typed(value))).collect()))
    }

    /// Returns the settings for a request: JSON without null values.
    pub(super) fn sent(&self) -> JsonMap {
        match json(&self.0) {
            Json::Object(settings) => settings.into_iter().collect(),
            _ => JsonMap::new(),
        }
    }

    /// Returns the settings for the state after the component was changed, by the rules of
    /// [`refreshed`](super::settings::refreshed). A value that the server only converted or completed stays as it is.
    pub(super) fn refreshed(&self, stored: &JsonMap, dropped: Option<&BTreeSet<String>>) -> Self {
        let Some(known) = self.0.as_map() else { return self.clone() };
        let mut now = BTreeMap::new();
        for (key, value) in known {
            let written = json(value);
            let stays = || dropped.is_none_or(|dropped| dropped.contains(key));
            match stored.get(key).filter(|stored| !stored.is_null()) {
                Some(stored) if !written.is_null() && !covers(&written, stored) => {
                    now.insert(key.clone(), typed(stored));
                }
                None if !written.is_null() && !stays() => {}
                _ => {
                    now.insert(key.clone(), (self.type_of(key), value.clone()));
                }
            }
        }
        let is_as_written =
            now.len() == known.len() && now.iter().all(|(key, (_, value))| known[key] == *value);
        if is_as_written { self.clone() } else { Self(object(now)) }
    }

    fn type_of(&self, key: &str) -> Type {
        match &self.0 {
            Dyn::Typed(inside) => match &inside.0 {
                Type::Object(members) => members.get(key).cloned().unwrap_or(Type::Dynamic),
                Type::Map(element) => element.as_ref().clone(),
                _ => Type::Dynamic,
            },
            _ => Type::Dynamic,
        }
    }
}

/// Compares settings regardless of their types: no settings and an empty object are the same, and so are `5` and `"5"`,
/// or a list and its JSON string.
pub(super) fn same_typed_settings(value: &Dyn) -> Cow<'_, Dyn> {
    let canonical = untyped(value);
    let is_empty = canonical.as_map().is_some_and(BTreeMap::is_empty);
    Cow::Owned(if is_empty { Dyn::Null } else { canonical })
}

/// Returns a value without types, without null members of objects, and with the content of strings.
fn untyped(value: &Dyn) -> Dyn {
    match value.untyped() {
        Dyn::String(text) => match scalar(text) {
            // A string in quotes, and the word `null`, are just strings.
            None | Some(Dyn::String(_) | Dyn::Null) => Dyn::string(text.as_str()),
            Some(content) => untyped(&content),
        },
        Dyn::List(elements) => Dyn::list(elements.iter().map(untyped)),
        Dyn::Map(members) => {
            let set = members.iter().filter(|(_, member)| !member.is_null());
            Dyn::map(set.map(|(key, member)| (key.as_str(), untyped(member))))
        }
        other => other.clone(),
    }
}

/// Returns whether two configurations are equivalent for a server.
pub(super) fn means_the_same(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Array(ones), Json::Array(others)) => {
            ones.len() == others.len()
                && ones.iter().zip(others).all(|(one, other)| means_the_same(one, other))
        }
        (Json::Object(ones), Json::Object(others)) => {
            let is_set = |(_, value): &(&String, &Json)| !value.is_null();
            ones.iter().filter(is_set).count() == others.iter().filter(is_set).count()
                && ones
                    .iter()
                    .filter(is_set)
                    .all(|(key, one)| others.get(key).is_some_and(|other| means_the_same(one, other)))
        }
        _ => same_scalar(one, other),
    }
}

/// Returns whether a stored value is the server's form of a configured one: the same, or with added members.
fn covers(written: &Json, stored: &Json) -> bool {
    match (written, stored) {
        (Json::Array(written), Json::Array(stored)) => {
            written.len() == stored.len()
                && written.iter().zip(stored).all(|(written, stored)| covers(written, stored))
        }
        (Json::Object(written), Json::Object(stored)) => {
            let mut set = written.iter().filter(|(_, value)| !value.is_null());
            set.all(|(key, written)| stored.get(key).is_some_and(|stored| covers(written, stored)))
        }
        _ => same_scalar(written, stored),
    }
}

/// Returns whether two values are equivalent: a value and its string, such as `true` and `"True"`, or JSON and its
/// string.
fn same_scalar(one: &Json, other: &Json) -> bool {
    if one.is_null() || other.is_null() {
        return one == other;
    }
    let text = |value: &Json| match value {
        Json::String(text) => Dyn::string(text),
        other => Dyn::string(other.to_string()),
    };
    one == other || scalar_text(&text(one)) == scalar_text(&text(other))
}

/// Returns a value as JSON, without null members of objects.
fn json(value: &Dyn) -> Json {
    match value.untyped() {
        Dyn::Bool(flag) => Json::Bool(*flag),
        Dyn::String(text) => Json::String(text.clone()),
        Dyn::Number(number) => {
            let text = number.to_string();
            serde_json::from_str(&text).unwrap_or(Json::String(text))
        }
        Dyn::List(elements) => Json::Array(elements.iter().map(json).collect()),
        Dyn::Map(members) => {
            let set = members.iter().filter(|(_, member)| !member.is_null());
            Json::Object(set.map(|(key, member)| (key.clone(), json(member))).collect())
        }
        Dyn::Null | Dyn::Unknown | Dyn::Typed(_) => Json::Null,
    }
}

/// Returns a stored value with its type.
fn typed(value: &Json) -> (Type, Dyn) {
    match value {
        Json::Null => (Type::String, Dyn::Null),
        Json::Bool(flag) => (Type::Bool, Dyn::Bool(*flag)),
        Json::String(text) => (Type::String, Dyn::string(text)),
        Json::Number(number) => match number.to_string().parse() {
            Ok(number) => (Type::Number, Dyn::Number(number)),
            Err(_) => (Type::String, Dyn::string(number.to_string())),
        },
        Json::Array(elements) => {
            let (types, values) = elements.iter().map(typed).unzip();
            (Type::Tuple(types), Dyn::List(values))
        }
        Json::Object(members) => {
            match object(members.iter().map(|(key, member)| (key.clone(), typed(member))).collect()) {
                Dyn::Typed(typed) => *typed,
                other => (Type::Dynamic, other),
            }
        }
    }
}

fn object(members: BTreeMap<String, (Type, Dyn)>) -> Dyn {
    let types = members.iter().map(|(key, (ty, _))| (key.clone(), ty.clone())).collect();
    let values = members.into_iter().map(|(key, (_, value))| (key, value)).collect();
    Dyn::typed(Type::Object(types), Dyn::Map(values))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(value: &Json) -> TypedSettings {
        let (ty, value) = typed(value);
        TypedSettings(Dyn::typed(ty, value))
    }

    fn stored(value: Json) -> JsonMap {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn values_are_sent_with_their_types_and_nulls_are_not() {
        let cases = [
            (json!({}), json!({})),
            (json!({ "a": null }), json!({})),
            (
                json!({ "n": 5, "f": 0.25, "b": true, "s": "5", "l": [1, "x", null], "o": { "x": null, "y": {} } }),
                json!({ "n": 5, "f": 0.25, "b": true, "s": "5", "l": [1, "x", null], "o": { "y": {} } }),
            ),
        ];
        for (written, sent) in cases {
            assert_eq!(serde_json::to_value(settings(&written).sent()).unwrap(), sent);
        }
        let nothing = TypedSettings::from_known(&Dyn::typed(Type::String, Dyn::Null)).unwrap();
        assert!(nothing.sent().is_empty());
        for wrong in [Dyn::string("text"), Dyn::typed(Type::Bool.list(), Dyn::list([]))] {
            assert!(TypedSettings::from_known(&wrong).is_err());
            assert_eq!(TypedSettings::misfits(&wrong).len(), 1);
        }
        let waiting = Dyn::typed(Type::object([("a", Type::String)]), Dyn::map([("a", Dyn::Unknown)]));
        assert!(TypedSettings::misfits(&waiting).is_empty());
    }

    #[test]
    fn settings_are_compared_by_meaning() {
        let cases = [
            (json!({ "a": 5 }), json!({ "a": "5" }), true),
            (json!({ "a": 5 }), json!({ "a": 5.0 }), true),
            (json!({ "a": true }), json!({ "a": "True" }), true),
            (json!({ "a": [1, 2] }), json!({ "a": "[1, 2]" }), true),
            (json!({ "a": [1, "2"] }), json!({ "a": ["1", 2] }), true),
            (json!({ "a": { "x": 1, "y": null } }), json!({ "a": { "x": "1" } }), true),
            (json!({ "a": 1, "b": null }), json!({ "a": 1 }), true),
            (json!({ "a": [1, 2] }), json!({ "a": [2, 1] }), false),
            (json!({ "a": { "x": 1 } }), json!({ "a": { "x": 1, "y": 2 } }), false),
            (json!({ "a": 5 }), json!({ "a": 6 }), false),
            (json!({ "a": "" }), json!({}), false),
            (json!({ "a": 1 }), json!({ "b": 1 }), false),
        ];
        for (one, other, expected) in cases {
            let (one, other) = (settings(&one).to_known(), settings(&other).to_known());
            assert_eq!(
                same_typed_settings(&one) == same_typed_settings(&other),
                expected,
                "{one:?} and {other:?}"
            );
        }
        let empty = settings(&json!({})).to_known();
        for null in [Dyn::Null, Dyn::typed(Type::String, Dyn::Null)] {
            assert_eq!(same_typed_settings(&null), same_typed_settings(&empty));
            assert_ne!(
                same_typed_settings(&null),
                same_typed_settings(&settings(&json!({ "a": 1 })).to_known())
            );
        }
    }

    #[test]
    fn a_refresh_follows_managed_settings_and_nothing_else() {
        let known = settings(&json!({
            "same": 5, "changed": 1, "completed": { "x": 1 }, "unkept": "x", "removed": "y", "none": null,
            "list": [1, 2],
        }));
        let now = stored(json!({
            "same": "5", "changed": { "deep": [true, null] }, "completed": { "x": "1", "y": 2 }, "removed": null,
            "none": "z", "added": 1, "list": [1, 2],
        }));
        let unkept = BTreeSet::from(["unkept".to_owned()]);
        let expected = json!({
            "same": 5, "changed": { "deep": [true, null] }, "completed": { "x": 1 }, "unkept": "x", "list": [1, 2],
        });
        let refreshed = known.refreshed(&now, Some(&unkept));
        assert_eq!(serde_json::to_value(refreshed.sent()).unwrap(), expected);
        assert_eq!(refreshed.to_known().attribute("changed").attribute("deep").as_list().unwrap().len(), 2);
        let careful = known.refreshed(&now, None).sent();
        assert_eq!(careful["removed"], json!("y"));
        // A map with one value type keeps it as long as nothing changes.
        let map = TypedSettings(Dyn::typed(Type::String.map(), Dyn::map([("a", Dyn::string("5"))])));
        assert!(map.refreshed(&stored(json!({ "a": 5 })), None) == map);
        let changed = map.refreshed(&stored(json!({ "a": 6 })), None);
        assert_eq!(changed.to_known(), settings(&json!({ "a": 6 })).to_known());
    }
}
