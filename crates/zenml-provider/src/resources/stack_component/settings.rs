//! Compares the strings of a configuration with the values that a server stores.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use tfkit::plan::same::scalar_text;
use tfkit::{Dyn, Secret};
use zenml_api::workspace::JsonMap;

/// Settings as users write them. Null values are not sent.
pub(super) type Settings = BTreeMap<String, Option<String>>;

/// Compares settings: no settings and an empty map are the same, and so are values with the same scalar or JSON.
pub(super) fn same_settings(value: &Dyn) -> Cow<'_, Dyn> {
    match value {
        Dyn::Map(settings) if settings.is_empty() => Cow::Owned(Dyn::Null),
        _ => scalar_text(value),
    }
}

/// Settings that servers add to a component without them: type, flavor, setting and value.
const ADDED: [(&str, &str, &str, &str); 1] = [("orchestrator", "sagemaker", "instance_type", "ml.m5.xlarge")];

/// Returns all stored settings for an import, except those that the server adds.
pub(super) fn imported(kind: &str, flavor: &str, stored: &JsonMap) -> Option<Secret<Settings>> {
    let is_added = |key: &str, value: &Json| {
        ADDED.iter().any(|added| (added.0, added.1, added.2) == (kind, flavor, key) && value == added.3)
    };
    let settings = stored.iter().filter(|(key, value)| !value.is_null() && !is_added(key, value));
    let settings: Settings = settings.map(|(key, value)| (key.clone(), Some(text(value)))).collect();
    (!settings.is_empty()).then(|| Secret::new(settings))
}

/// Returns the settings for a state that an import or another provider has written, after the component was changed:
/// known settings as in [`refreshed`], and all others that an import would include. Version 2 of the Go provider
/// omitted values that are not strings, so its states may lack configured settings.
pub(super) fn completed(
    known: &Secret<Settings>,
    kind: &str,
    flavor: &str,
    stored: &JsonMap,
) -> Secret<Settings> {
    let mut all = imported(kind, flavor, stored).map(Secret::into_exposed).unwrap_or_default();
    all.extend(refreshed(known, stored, None).into_exposed());
    Secret::new(all)
}

/// Returns the settings for the state after the component was changed. Settings that the server added are ignored.
/// Missing settings were removed outside of Terraform, unless the server ignored them from the start. `dropped` is
/// `None` if these are unknown, as for the state of an earlier provider.
pub(super) fn refreshed(
    known: &Secret<Settings>,
    stored: &JsonMap,
    dropped: Option<&BTreeSet<String>>,
) -> Secret<Settings> {
    let now = known.expose().iter().filter_map(|(key, written)| {
        let stays = || dropped.is_none_or(|dropped| dropped.contains(key));
        match (written, stored.get(key).filter(|value| !value.is_null())) {
            (None, _) => Some((key.clone(), None)),
            // The framework keeps the user's spelling of equivalent values.
            (Some(_), Some(value)) => Some((key.clone(), Some(text(value)))),
            (Some(written), None) => stays().then(|| (key.clone(), Some(written.clone()))),
        }
    });
    Secret::new(now.collect())
}

/// Returns a value as a string.
fn text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(entries: &[(&str, Option<&str>)]) -> Settings {
        entries.iter().map(|(key, value)| ((*key).to_owned(), value.map(str::to_owned))).collect()
    }

    fn stored(value: Json) -> JsonMap {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_refresh_follows_managed_settings_and_nothing_else() {
        let known = Secret::new(settings(&[
            ("changed", Some("1")),
            ("list", Some("[1, 2]")),
            ("unkept", Some("x")),
            ("removed", Some("y")),
            ("none", None),
        ]));
        let stored =
            stored(json!({ "changed": 2, "list": [1, 2], "added": true, "none": "z", "removed": null }));
        let unkept = BTreeSet::from(["unkept".to_owned()]);
        let precise = settings(&[
            ("changed", Some("2")),
            ("list", Some("[1,2]")),
            ("unkept", Some("x")),
            ("none", None),
        ]);
        assert_eq!(refreshed(&known, &stored, Some(&unkept)).expose(), &precise);
        let mut careful = precise;
        careful.insert("removed".to_owned(), Some("y".to_owned()));
        assert_eq!(refreshed(&known, &stored, None).expose(), &careful);
    }

    #[test]
    fn a_state_of_another_provider_is_completed() {
        let known = Secret::new(settings(&[("path", Some("p")), ("unkept", Some("x"))]));
        let stored =
            stored(json!({ "path": "p", "flag": true, "unset": null, "instance_type": "ml.m5.xlarge" }));
        let now = completed(&known, "orchestrator", "sagemaker", &stored);
        let expected = settings(&[("flag", Some("true")), ("path", Some("p")), ("unkept", Some("x"))]);
        assert_eq!(now.expose(), &expected);
    }

    #[test]
    fn an_import_contains_what_is_set() {
        let found = imported(
            "alerter",
            "slack",
            &stored(json!({ "flag": true, "object": { "a": 1 }, "text": "t", "unset": null })),
        );
        let expected =
            settings(&[("flag", Some("true")), ("object", Some(r#"{"a":1}"#)), ("text", Some("t"))]);
        assert_eq!(found.unwrap().expose(), &expected);
        assert!(imported("alerter", "slack", &stored(json!({ "unset": null }))).is_none());
        for (value, expected) in [("ml.m5.xlarge", None), ("ml.m5.large", Some("ml.m5.large"))] {
            let found =
                imported("orchestrator", "sagemaker", &stored(json!({ "instance_type": value, "a": "b" })));
            let found = found.unwrap().expose().get("instance_type").cloned().flatten();
            assert_eq!(found.as_deref(), expected);
        }
    }

    #[test]
    fn settings_are_compared_by_meaning() {
        let cases = [
            (Dyn::string("true"), Dyn::string("True"), true),
            (Dyn::string("5"), Dyn::string("5.0"), true),
            (Dyn::string("[1, 2]"), Dyn::string("[1,2]"), true),
            (Dyn::string(""), Dyn::Null, false),
            (Dyn::string("a"), Dyn::string("b"), false),
            (Dyn::Null, Dyn::Map(BTreeMap::new()), true),
        ];
        for (one, other, expected) in cases {
            assert_eq!(same_settings(&one) == same_settings(&other), expected, "{one:?} and {other:?}");
        }
    }
}
