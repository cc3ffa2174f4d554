//! How data sources find objects of a workspace: one by its id or its name, or several by what they have in common.

use std::collections::BTreeMap;

use tfkit::Diag;
use zenml_api::Identifier;
use zenml_api::workspace::{JsonMap, Object};
use zenml_client::ApiError;

use super::scope::Server;
use super::{Noun, text};
use crate::failure::{Needs, cannot};

/// One object as a configuration names it. Where it gives both, the id decides and the name must fit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted<'a, I> {
    /// By its id.
    Id(I, Option<&'a str>),
    /// By its name.
    Name(&'a str),
}

impl<'a, I> Wanted<'a, I> {
    /// What a configuration of the attributes `id` and `name` asks for, of which one is set.
    pub(crate) fn of(noun: Noun, id: Option<I>, name: Option<&'a String>) -> Result<Self, Diag> {
        match (id, name.map(String::as_str)) {
            (Some(id), name) => Ok(Self::Id(id, name)),
            (None, Some(name)) => Ok(Self::Name(name)),
            (None, None) => Err(Diag::bug(format!("A {} is looked up without id and name", noun.words))),
        }
    }
}

/// The object of an id, as `read` gives it.
pub(crate) async fn by_id<I: Identifier, B, M, R>(
    noun: Noun,
    server: &Server,
    id: I,
    name: Option<&str>,
    read: impl Future<Output = Result<Option<Object<I, B, M, R>>, ApiError>>,
) -> Result<Object<I, B, M, R>, Diag> {
    let words = noun.words;
    let found = read.await;
    let found = found
        .map_err(|error| cannot(format_args!("read the {words} {id}"), Needs::WORKSPACE_VIEWER, &error))?;
    let found = found.ok_or_else(|| noun.missing(&id.to_string(), server.workspace_id).at("id"))?;
    fits(noun, id, "name", name, &found.name)?;
    Ok(found)
}

/// Where the id decides, an attribute beside it must say what is so.
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
        .why(format!("The configuration says {wanted:?}, and the server {found:?}."))
        .fix(format!("Correct {attribute}, or leave it out: the id decides."))
        .at(attribute))
}

/// Where the id decides, the type must be what the configuration says. What the caller may not read fits.
pub(crate) fn fits_kind<I: Identifier>(
    noun: Noun,
    id: I,
    wanted: Option<&str>,
    found: Option<&str>,
) -> Result<(), Diag> {
    found.map_or(Ok(()), |found| fits(noun, id, "type", wanted, found))
}

/// The only object of a name among those of a list that a server filtered by it. `told` says which one an object is,
/// for the message where there are several, and `narrow` how to say which one is meant.
pub(crate) async fn by_name<I: Identifier, B, M, R>(
    noun: Noun,
    server: &Server,
    name: &str,
    list: impl Future<Output = Result<Vec<Object<I, B, M, R>>, ApiError>>,
    told: impl Fn(&Object<I, B, M, R>) -> String,
    narrow: &str,
) -> Result<Object<I, B, M, R>, Diag> {
    let words = noun.words;
    let mut found = list.await.map_err(|error| {
        cannot(format_args!("look for the {words} {name:?}"), Needs::WORKSPACE_VIEWER, &error)
    })?;
    // A server ignores a filter that it does not know, and some compare without regard to case.
    found.retain(|found| found.name == name);
    if found.len() > 1 {
        let candidates: Vec<String> =
            found.iter().map(|found| format!("{} ({})", told(found), found.id)).collect();
        return Err(Diag::error(format!("There is more than one {words} {name:?}"))
            .why(format!("The server has these:\n  {}", candidates.join("\n  ")))
            .fix(narrow)
            .at("name"));
    }
    found.pop().ok_or_else(|| noun.missing(name, server.workspace_id).at("name"))
}

/// The filter for the beginning of a name, if one is wanted.
pub(crate) fn beginning(prefix: Option<&String>) -> Vec<String> {
    prefix
        .filter(|prefix| !prefix.is_empty())
        .map(|prefix| format!("startswith:{prefix}"))
        .into_iter()
        .collect()
}

/// Whether a name begins as it should.
pub(crate) fn begins(name: &str, prefix: Option<&String>) -> bool {
    prefix.is_none_or(|prefix| name.starts_with(prefix.as_str()))
}

/// Whether labels have all that is wanted of them.
pub(crate) fn has_labels(
    labels: &BTreeMap<String, String>,
    wanted: Option<&BTreeMap<String, String>>,
) -> bool {
    wanted.into_iter().flatten().all(|(key, value)| labels.get(key) == Some(value))
}

/// Labels as texts; none where there are none.
pub(crate) fn texts(labels: Option<&JsonMap>) -> BTreeMap<String, String> {
    labels.map(text::label_texts).unwrap_or_default()
}

/// A text, unless it is empty.
pub(crate) fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// What a list says that could not be read.
pub(crate) fn unlisted(noun: Noun, error: &ApiError) -> Diag {
    cannot(format_args!("list the {}s", noun.words), Needs::WORKSPACE_VIEWER, error)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn labels_must_have_all_that_is_wanted_and_may_have_more() {
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
            assert_eq!(has_labels(&texts(Some(&labels)), wanted.as_ref()), expected, "{wanted:?}");
        }
    }

    #[test]
    fn a_name_that_looks_like_a_filter_is_still_a_name() {
        assert_eq!(text::exactly("contains:x"), ["equals:contains:x"]);
        assert_eq!(beginning(Some(&"a".to_owned())), ["startswith:a"]);
        assert_eq!(beginning(Some(&String::new())), Vec::<String>::new());
        assert!(begins("Alpha", None) && begins("Alpha", Some(&"Al".to_owned())));
        assert!(!begins("Alpha", Some(&"al".to_owned())), "servers may see no difference");
    }
}
