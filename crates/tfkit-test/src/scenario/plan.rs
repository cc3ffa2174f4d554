//! Plans as the host shows them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::Action;

/// A saved plan, read from the host's JSON.
#[derive(Clone, Debug)]
pub struct Plan {
    file: PathBuf,
    json: Json,
}

impl Plan {
    pub(super) fn new(file: PathBuf, json: Json) -> Self {
        Self { file, json }
    }

    /// Returns the file of the saved plan.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Returns the host's JSON of it.
    pub fn json(&self) -> &Json {
        &self.json
    }

    /// Returns its actions by address, including unchanged objects.
    pub fn actions(&self) -> BTreeMap<String, Action> {
        self.changes("resource_changes")
            .filter_map(|change| Some((change["address"].as_str()?.to_owned(), action(&change["change"]))))
            .collect()
    }

    /// Returns its action on one object; `None` if it does not contain the address.
    pub fn action(&self, address: &str) -> Option<Action> {
        self.actions().get(address).copied()
    }

    /// Returns its actions by address, without unchanged objects.
    pub fn changed(&self) -> BTreeMap<String, Action> {
        let mut actions = self.actions();
        actions.retain(|_, action| *action != Action::NoOp);
        actions
    }

    /// Returns whether an apply would change nothing: no object and no output.
    pub fn is_empty(&self) -> bool {
        let outputs = self.json["output_changes"].as_object();
        let outputs_stay =
            outputs.is_none_or(|outputs| outputs.values().all(|output| action(output) == Action::NoOp));
        self.changed().is_empty() && outputs_stay && self.imports().is_empty()
    }

    /// Returns the addresses of objects that it imports.
    pub fn imports(&self) -> Vec<&str> {
        let imported = self.changes("resource_changes").filter(|change| is_import(change));
        imported.filter_map(|change| change["address"].as_str()).collect()
    }

    /// Returns the addresses of objects that the refresh found changed or deleted.
    pub fn drifted(&self) -> Vec<&str> {
        self.changes("resource_drift").filter_map(|change| change["address"].as_str()).collect()
    }

    /// Returns the planned values of an object; null if it is deleted or missing. Unknown values are omitted.
    pub fn after(&self, address: &str) -> &Json {
        &self.change(address)["after"]
    }

    /// Returns whether an attribute of an object is known only after the apply, completely or in part.
    pub fn is_unknown(&self, address: &str, attribute: &str) -> bool {
        fn any(value: &Json) -> bool {
            match value {
                Json::Bool(value) => *value,
                Json::Array(elements) => elements.iter().any(any),
                Json::Object(members) => members.values().any(any),
                _ => false,
            }
        }
        any(&self.change(address)["after_unknown"][attribute])
    }

    /// Returns the attributes that require replacement of an object, by their first name.
    pub fn replaced_by(&self, address: &str) -> Vec<&str> {
        let paths = self.change(address)["replace_paths"].as_array();
        paths.into_iter().flatten().filter_map(|path| path[0].as_str()).collect()
    }

    /// Returns the names of the attributes that change or become known later.
    pub fn changed_attributes(&self, address: &str) -> Vec<&str> {
        let change = self.change(address);
        let members = |json: &'static str| change[json].as_object().into_iter().flatten();
        let names = members("before").chain(members("after")).chain(members("after_unknown"));
        let mut changed: Vec<&str> = names
            .map(|(name, _)| name.as_str())
            .filter(|name| {
                change["before"][*name] != change["after"][*name] || self.is_unknown(address, name)
            })
            .collect();
        changed.sort_unstable();
        changed.dedup();
        changed
    }

    /// Returns its actions in one line.
    pub fn summary(&self) -> String {
        let objects = self.changed().into_iter().map(|(address, action)| {
            let attributes = self.changed_attributes(&address).join(", ");
            format!("{action} {address} ({attributes})")
        });
        let outputs = self.json["output_changes"].as_object().into_iter().flatten();
        let outputs = outputs.filter(|(_, change)| action(change) != Action::NoOp);
        objects.chain(outputs.map(|(name, _)| format!("change output {name}"))).collect::<Vec<_>>().join("; ")
    }

    fn changes(&self, list: &str) -> impl Iterator<Item = &Json> {
        self.json[list].as_array().into_iter().flatten()
    }

    fn change(&self, address: &str) -> &Json {
        let found = self.changes("resource_changes").find(|change| change["address"] == address);
        found.map_or(&Json::Null, |change| &change["change"])
    }
}

fn is_import(change: &Json) -> bool {
    !change["change"]["importing"].is_null()
}

fn action(change: &Json) -> Action {
    let words: Vec<&str> =
        change["actions"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    match words.as_slice() {
        ["no-op"] => Action::NoOp,
        ["create"] => Action::Create,
        ["update"] => Action::Update,
        ["delete", "create"] | ["create", "delete"] => Action::Replace,
        ["delete"] => Action::Delete,
        ["read"] => Action::Read,
        ["forget"] => Action::Forget,
        _ => Action::Other,
    }
}

/// Returns the resources of a module and of its child modules.
pub(super) fn resources(module: &Json) -> Vec<&Json> {
    let own = module["resources"].as_array().into_iter().flatten();
    let inner = module["child_modules"].as_array().into_iter().flatten();
    own.chain(inner.flat_map(resources)).collect()
}
