//! Recognizes settings in their stored form: a server stores some under another name, and adds some.
//!
//! A state that this provider has written contains the user's names. A state from an import or from the Go provider
//! contains the server's names; if a plan compared these by name, it would change correct settings.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tfkit::plan::same::scalar_text;
use tfkit::{Cx, Diag, Plan, Secret};

use super::flavor::{self, Rules};
use super::settings::Settings;
use super::{StackComponent, dropped};
use crate::client::Client;

/// Key in the private state for settings that the state contains under the server's names: the user's names with the
/// server's, and added settings with null.
const STORED: &str = "stored";

/// Key in the private state that marks settings that neither this provider nor the configuration has ever set.
pub(super) const UNWRITTEN: &str = "unwritten";

/// The user's names with the server's names; `None` for a setting that the server has added.
type Names = BTreeMap<String, Option<String>>;

type Texts<'a> = BTreeMap<&'a str, &'a str>;

/// Keeps settings that neither this provider nor the configuration has ever set, and warns which they are. Returns
/// whether there are any.
pub(super) fn leave_unwritten(cx: &Cx<Client>, plan: &mut Plan<StackComponent>) -> Result<bool, Diag> {
    let config = plan.config();
    let is_left_out = config.dyn_of(StackComponent::CONFIGURATION).is_null()
        && config.dyn_of(StackComponent::SETTINGS).is_null();
    let found = plan.prior().filter(|prior| is_left_out && prior.settings.is_none() && dropped(cx).is_none());
    let found = found.and_then(|prior| {
        let settings = texts(prior.configuration.as_ref()?);
        (!settings.is_empty()).then(|| {
            let names: Vec<&str> = settings.keys().copied().collect();
            (prior.name.clone(), names.join(", "))
        })
    });
    let Some((name, settings)) = found else {
        cx.remove_private(UNWRITTEN);
        return Ok(false);
    };
    cx.set_private(UNWRITTEN, true.into())?;
    plan.keep(StackComponent::CONFIGURATION);
    let is_replaced = plan.changes(StackComponent::TYPE)
        || plan.changes(StackComponent::FLAVOR)
        || plan.changes(StackComponent::WORKSPACE_ID);
    let diag = if is_replaced {
        Diag::warning(format!("Stack component {name:?} will be replaced and lose its settings"))
            .why(format!("The configuration does not contain them: {settings}."))
            .fix("To keep them, add them to the configuration.")
    } else {
        Diag::warning(format!("The settings of stack component {name:?} are not in the configuration"))
            .why(format!(
                "They are kept as they are: {settings}. They come from an import or from the state of an \
                 earlier release. A generated configuration contains null instead, because they are sensitive."
            ))
            .fix("To manage them, add them to the configuration. To remove all of them:\n  configuration = {}")
    };
    plan.warn(diag.at(StackComponent::CONFIGURATION));
    Ok(true)
}

/// Plans no change for settings that the server would store as they are.
pub(super) async fn compare(cx: &Cx<Client>, plan: &mut Plan<StackComponent>) -> Result<(), Diag> {
    let is_other = plan.changes(StackComponent::TYPE) || plan.changes(StackComponent::FLAVOR);
    if is_other || !plan.changes(StackComponent::CONFIGURATION) {
        return Ok(());
    }
    let Some(wanted) = plan.config().get(StackComponent::CONFIGURATION).known() else { return Ok(()) };
    let found = plan.prior().and_then(|prior| prior.configuration.as_ref().cloned());
    let Some(found) = found else { return Ok(()) };
    let (wanted, found) = (texts(&wanted), texts(&found));
    let remembered: Names =
        cx.private(STORED).and_then(|names| serde_json::from_value(names).ok()).unwrap_or_default();
    let may_be_the_servers = dropped(cx).is_none() || !remembered.is_empty();
    if found.is_empty() || !may_be_the_servers {
        return Ok(());
    }
    let Some(rules) = flavor::rules_for(cx, plan).await else { return Ok(()) };
    let Some(names) = names(&rules, &wanted, &found) else { return Ok(()) };
    // After this provider has written settings, the state contains them as the user wrote them, except for the
    // remembered ones.
    if dropped(cx).is_some() && names.iter().any(|name| remembered.get(name.0) != Some(name.1)) {
        return Ok(());
    }
    cx.set_private(STORED, serde_json::to_value(names).unwrap_or(Json::Null))?;
    plan.keep(StackComponent::CONFIGURATION);
    Ok(())
}

/// Returns the settings that are not null.
fn texts(settings: &Secret<Settings>) -> Texts<'_> {
    settings.expose().iter().filter_map(|(name, text)| Some((name.as_str(), text.as_deref()?))).collect()
}

/// Returns the names under which a server would store settings, if the result is the found settings.
fn names(rules: &Rules, wanted: &Texts<'_>, found: &Texts<'_>) -> Option<Names> {
    let known = rules.known.as_ref()?;
    let mut more: Texts<'_> = found.clone();
    more.retain(|name, _| !wanted.contains_key(name));
    let mut names = Names::new();
    let mut is_migrated = false;
    for (name, text) in wanted {
        match found.get(name) {
            Some(stored) if same(text, stored) => {}
            Some(stored) if tidied(text) == tidied(stored) => {
                names.insert((*name).to_owned(), Some((*name).to_owned()));
            }
            Some(_) => return None,
            None => {
                let is_old = rules.deprecated.contains(*name);
                let is_new = |(other, stored): &(&&str, &&str)| {
                    same(text, stored) && known.contains(**other) && (is_old || is_longer(name, other))
                };
                let new = (*more.iter().find(is_new)?.0).to_owned();
                more.remove(new.as_str());
                is_migrated |= is_old;
                names.insert((*name).to_owned(), Some(new));
            }
        }
    }
    for (name, stored) in more {
        let is_default = rules.defaults.get(name).is_some_and(|default| {
            let value = default.value.as_str().map_or_else(|| default.value.to_string(), str::to_owned);
            let mut words = default.words.split([' ', ',', ';', '`', '\'', '"', '(', ')']);
            same(&value, stored) || words.any(|word| word.trim_end_matches('.') == stored.to_lowercase())
        });
        // The replacement of a deprecated setting may require other settings.
        if !known.contains(name) || !(is_default || is_migrated) {
            return None;
        }
        names.insert(name.to_owned(), None);
    }
    Some(names)
}

fn same(one: &str, other: &str) -> bool {
    scalar_text(&one.into()) == scalar_text(&other.into())
}

/// Normalizes addresses and paths as servers do.
fn tidied(text: &str) -> &str {
    text.trim_matches(['\'', '"', '`']).trim_end_matches('/')
}

/// Returns whether a name contains all words of another one and more, as `default_channel` does for `channel`.
fn is_longer(name: &str, other: &str) -> bool {
    let mut words = other.split('_');
    name.len() > other.len() && words.all(|word| name.split('_').any(|mine| mine == word))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::flavor::tests::rules;
    use super::*;

    #[test]
    fn settings_are_the_same_if_the_server_would_store_them_as_they_are() {
        let text = json!({ "type": "string" });
        let schema = json!({ "properties": {
            "token": text, "channel": text, "default_channel": text, "uri": text, "namespace": text, "context": text,
            "flag": { "type": "boolean", "default": false },
            "instance": { "type": "string", "default": null, "description": "Size. Defaults to m5.xl for one or t3.m." },
            "old_name": { "type": "string", "description": "DEPRECATED: use `name`." },
            "name": text, "mode": { "type": "string", "default": "a" },
        } });
        let rules = rules(false, &schema);
        let cases = [
            (json!({ "token": "t" }), json!({ "token": "t" }), Some(json!({}))),
            // Renamed.
            (
                json!({ "token": "t", "default_channel": "c" }),
                json!({ "token": "t", "channel": "c" }),
                Some(json!({ "default_channel": "channel" })),
            ),
            (json!({ "default_channel": "c" }), json!({ "channel": "d" }), None),
            (json!({ "channel": "c" }), json!({ "default_channel": "c" }), None),
            (json!({ "context": "zenml" }), json!({ "namespace": "zenml" }), None),
            (
                json!({ "old_name": "n" }),
                json!({ "name": "n", "mode": "b" }),
                Some(json!({ "old_name": "name", "mode": null })),
            ),
            // Added.
            (json!({}), json!({ "instance": "m5.xl" }), Some(json!({ "instance": null }))),
            (json!({}), json!({ "instance": "t3.m" }), Some(json!({ "instance": null }))),
            (json!({}), json!({ "instance": "m5.large" }), None),
            (json!({}), json!({ "flag": "false" }), Some(json!({ "flag": null }))),
            (json!({}), json!({ "flag": "true" }), None),
            (json!({}), json!({ "token": "t" }), None),
            (json!({}), json!({ "unknown": "t" }), None),
            // Tidied, converted, changed, new.
            (json!({ "uri": "a.b//" }), json!({ "uri": "a.b" }), Some(json!({ "uri": "uri" }))),
            (json!({ "flag": "True" }), json!({ "flag": "true" }), Some(json!({}))),
            (json!({ "token": "t" }), json!({ "token": "u" }), None),
            (json!({ "token": "t", "flag": "true" }), json!({ "token": "t" }), None),
        ];
        for (wanted, found, expected) in cases {
            let read =
                |json: &Json| -> BTreeMap<String, String> { serde_json::from_value(json.clone()).unwrap() };
            let (wants, finds) = (read(&wanted), read(&found));
            let wants: Texts<'_> = wants.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
            let finds: Texts<'_> = finds.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
            let result = names(&rules, &wants, &finds).map(|names| serde_json::to_value(names).unwrap());
            assert_eq!(result, expected, "{wanted} and {found}");
        }
    }
}
