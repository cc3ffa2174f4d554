//! How data sources filter objects of a workspace.

use std::collections::BTreeMap;

use tfkit::{Computed, Diag};
use zenml_api::workspace::JsonMap;
use zenml_api::{Identifier, Sensitive};
use zenml_client::ApiError;

use super::{Noun, text};
use crate::failure::{Needs, cannot};

/// Checks that an attribute matches the object that the id selects.
pub(crate) fn fits<I: Identifier>(
    noun: Noun,
    id: I,
    attribute: &'static str,
    wanted: Option<&str>,
    found: &str,
) -> Result<(), Diag> {
    let Some(wanted) = wanted.filter(|wanted| *wanted != found) else { return Ok(()) };
    let what = attribute.trim_end_matches("_id");
    Err(Diag::error(format!("The {} {id} has another {what}", noun.words))
        .why(format!("The configuration has {wanted:?}, the server has {found:?}."))
        .fix(format!("Correct {attribute}, or remove it: the id takes precedence."))
        .at(attribute))
}

/// Checks that the type matches the object that the id selects. A type that the caller has no permission to read
/// matches.
pub(crate) fn fits_kind<I: Identifier>(
    noun: Noun,
    id: I,
    wanted: Option<&str>,
    found: Option<&str>,
) -> Result<(), Diag> {
    found.map_or(Ok(()), |found| fits(noun, id, "type", wanted, found))
}

/// Returns the filter for a name prefix, if there is one.
pub(crate) fn beginning(prefix: Option<&str>) -> Vec<String> {
    prefix
        .filter(|prefix| !prefix.is_empty())
        .map(|prefix| format!("startswith:{prefix}"))
        .into_iter()
        .collect()
}

/// Returns whether a name has the prefix.
pub(crate) fn begins(name: &str, prefix: Option<&str>) -> bool {
    prefix.is_none_or(|prefix| name.starts_with(prefix))
}

/// Returns whether a value matches a filter.
pub(crate) fn is(value: &Computed<String>, wanted: Option<&String>) -> bool {
    wanted.is_none_or(|wanted| value.as_ref() == Some(wanted))
}

/// Returns whether labels contain all wanted ones.
pub(crate) fn has_labels(
    labels: &Computed<BTreeMap<String, String>>,
    wanted: Option<&BTreeMap<String, String>>,
) -> bool {
    let has = |(key, value)| labels.as_ref().is_some_and(|labels| labels.get(key) == Some(value));
    wanted.into_iter().flatten().all(has)
}

/// Returns labels as strings; an empty map if there are none.
pub(crate) fn texts(labels: Option<&JsonMap>) -> BTreeMap<String, String> {
    labels.map(text::label_texts).unwrap_or_default()
}

/// Returns the settings of a configuration that have a value.
pub(crate) fn set(configuration: Sensitive<JsonMap>) -> JsonMap {
    configuration.into_exposed().into_iter().filter(|(_, value)| !value.is_null()).collect()
}

/// Returns a string, unless it is empty.
pub(crate) fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// Returns the error for a failed list request.
pub(crate) fn unlisted(noun: Noun, error: &ApiError) -> Diag {
    cannot(format_args!("list the {}", noun.plural()), Needs::WORKSPACE_VIEWER, error)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn labels_must_contain_all_wanted_ones_and_can_contain_more() {
        let labels: JsonMap = serde_json::from_value(json!({ "tier": "prod", "size": 1 })).unwrap();
        let cases = [
            (json!(null), true),
            (json!({}), true),
            (json!({ "tier": "prod" }), true),
            (json!({ "tier": "prod", "size": "1" }), true),
            (json!({ "tier": "test" }), false),
            (json!({ "tier": "prod", "team": "a" }), false),
        ];
        for (wanted, expected) in cases {
            let wanted: Option<BTreeMap<String, String>> = serde_json::from_value(wanted).unwrap();
            let labels = Computed::known(texts(Some(&labels)));
            assert_eq!(has_labels(&labels, wanted.as_ref()), expected, "{wanted:?}");
        }
    }

    #[test]
    fn a_name_that_looks_like_a_filter_is_still_a_name() {
        assert_eq!(text::exactly("contains:x"), ["equals:contains:x"]);
        assert_eq!(beginning(Some("a")), ["startswith:a"]);
        assert_eq!(beginning(Some("")), Vec::<String>::new());
        assert!(begins("Alpha", None) && begins("Alpha", Some("Al")));
        assert!(!begins("Alpha", Some("al")), "servers may ignore case");
    }
}
