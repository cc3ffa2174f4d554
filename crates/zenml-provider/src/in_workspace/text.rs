//! Names, strings and labels, in attributes and on servers.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use zenml_api::Patch;
use zenml_api::workspace::JsonMap;

/// Returns the filter for an exact name, even for a name that looks like a filter with an operator.
pub fn exactly(name: &str) -> Vec<String> {
    vec![format!("equals:{name}")]
}

/// Returns whether a string can be the name of a stack or a component: one line without tabs.
pub fn is_one_line(text: &str) -> bool {
    !text.contains(['\t', '\n'])
}

/// Returns a string unless it is empty.
pub fn non_empty(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}

/// Returns labels for a request.
pub fn labels(labels: &BTreeMap<String, String>) -> JsonMap {
    labels.iter().map(|(key, value)| (key.clone(), Json::String(value.clone()))).collect()
}

/// Returns the change of labels. No labels are sent as an empty map, because a server would store null.
pub fn labels_change(
    prior: Option<&BTreeMap<String, String>>,
    planned: Option<&BTreeMap<String, String>>,
) -> Patch<JsonMap> {
    let (prior, planned) = (prior.map(labels).unwrap_or_default(), planned.map(labels).unwrap_or_default());
    if prior == planned { Patch::Keep } else { Patch::Set(planned) }
}

/// Returns labels as strings. Values that are not strings, which other clients can set, are encoded as JSON.
pub fn label_texts(labels: &JsonMap) -> BTreeMap<String, String> {
    let text = |value: &Json| match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    labels.iter().map(|(key, value)| (key.clone(), text(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_cleared_by_an_empty_map_and_never_by_a_null() {
        let some: BTreeMap<String, String> = [("a".to_owned(), "1".to_owned())].into();
        let empty = BTreeMap::new();
        let cases = [
            (None, None, Patch::Keep),
            (Some(&empty), None, Patch::Keep),
            (None, Some(&empty), Patch::Keep),
            (Some(&some), Some(&some), Patch::Keep),
            (Some(&some), None, Patch::Set(JsonMap::new())),
            (None, Some(&some), Patch::Set(labels(&some))),
        ];
        for (prior, planned, expected) in cases {
            assert_eq!(labels_change(prior, planned), expected, "{prior:?} to {planned:?}");
        }
    }
}
