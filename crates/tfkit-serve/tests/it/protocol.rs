//! The protocol, checked off: each RPC and each field is used, or unused for a reason.
//!
//! The definitions say what there is. The sources say what is used: a field of a request or of a response occurs in the
//! file of its RPC, a field of any other message in one of the files below `wire/`. A field that a newer minor version
//! adds fails these tests until somebody decides about it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// RPCs that are not served: hosts get the status UNIMPLEMENTED.
const UNSERVED: [&str; 8] = [
    // State stores are experimental: only experimental builds of hosts use them.
    "ValidateStateStoreConfig",
    "ConfigureStateStore",
    "ReadStateBytes",
    "WriteStateBytes",
    "LockState",
    "UnlockState",
    "GetStates",
    "DeleteState",
];

/// Messages of state stores, which are not served.
const STATE_STORES: [&str; 6] = [
    "ValidateStateStore",
    "StateStoreClientCapabilities",
    "StateStoreServerCapabilities",
    "RequestChunkMeta",
    "StateRange",
    "GetMetadata.StateStoreMetadata",
];

const NEVER_DEFERRED: &str = "nothing is deferred: hosts allow it only in experimental builds, and a plan with unknown values is possible";
const NO_STATE_STORES: &str = "state stores are not served";
const NEW_TYPE_SYSTEM: &str = "the rules of the old type system are not needed";
const NO_CAPABILITY: &str =
    "the only capabilities that matter here concern deferral, and nothing is deferred";

/// Fields that are not used, and why.
const UNUSED: &[(&str, &str, &str)] = &[
    ("Schema.Block", "version", "the version of the schema is the one that counts"),
    ("Schema.Block", "computed", "hosts before 1.16 accept it but do not apply its meaning"),
    ("Schema.Object", "min_items", "deprecated by the protocol"),
    ("Schema.Object", "max_items", "deprecated by the protocol"),
    ("ClientCapabilities", "deferral_allowed", NEVER_DEFERRED),
    (
        "ClientCapabilities",
        "store_planned_private",
        "a host that sends the private values of the first plan says so by sending them",
    ),
    ("ClientCapabilities", "computed_blocks_allowed", "no schema has computed blocks"),
    ("Deferred", "reason", NEVER_DEFERRED),
    ("GetMetadata.Response", "state_stores", NO_STATE_STORES),
    ("GetProviderSchema.Response", "state_store_schemas", NO_STATE_STORES),
    ("ConfigureProvider.Request", "client_capabilities", NO_CAPABILITY),
    ("ReadResource.Request", "client_capabilities", NO_CAPABILITY),
    ("ReadResource.Response", "deferred", NEVER_DEFERRED),
    ("PlanResourceChange.Request", "client_capabilities", NO_CAPABILITY),
    ("PlanResourceChange.Response", "legacy_type_system", NEW_TYPE_SYSTEM),
    ("PlanResourceChange.Response", "deferred", NEVER_DEFERRED),
    ("ApplyResourceChange.Response", "legacy_type_system", NEW_TYPE_SYSTEM),
    ("ImportResourceState.Request", "client_capabilities", NO_CAPABILITY),
    ("ImportResourceState.Response", "deferred", NEVER_DEFERRED),
    ("MoveResourceState.Request", "source_identity_schema_version", "hosts leave it zero"),
    ("ReadDataSource.Request", "client_capabilities", NO_CAPABILITY),
    ("ReadDataSource.Response", "deferred", NEVER_DEFERRED),
    ("OpenEphemeralResource.Response", "deferred", NEVER_DEFERRED),
    (
        "ValidateListResourceConfig.Request",
        "include_resource_object",
        "hosts send only the name and the configuration",
    ),
    ("ValidateListResourceConfig.Request", "limit", "hosts send only the name and the configuration"),
    ("PlanAction.Request", "client_capabilities", NO_CAPABILITY),
    ("InvokeAction.Request", "client_capabilities", NO_CAPABILITY),
];

/// A row of the definitions.
struct Row {
    owner: String,
    name: String,
    kind: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string(folder().join("proto/tfplugin6-fields.csv")).unwrap();
    let row = |line: &str| {
        let columns: Vec<&str> = line.split(',').collect();
        Row { owner: columns[0].to_owned(), name: columns[1].to_owned(), kind: columns[3].to_owned() }
    };
    text.lines().skip(1).map(row).collect()
}

fn rpcs(rows: &[Row]) -> Vec<&Row> {
    rows.iter().filter(|row| row.owner == "service Provider").collect()
}

/// Returns a name as in Rust: `GetMetadata` is `get_metadata`.
fn snake(name: &str) -> String {
    let mut text = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(character.to_ascii_lowercase());
    }
    text
}

/// Returns a word with a capital, as in the variant of a `oneof`.
fn capitalized(word: &str) -> String {
    let mut characters = word.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + characters.as_str())
}

/// Returns the words of a source without its comments.
fn words(source: &str) -> BTreeSet<String> {
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split(|c: char| !(c.is_alphanumeric() || c == '_')))
        .map(str::to_owned)
        .collect()
}

/// Returns the words of each source below `wire/`, without generated ones and without tests.
fn sources() -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    for inner in ["src/wire", "src/wire/rpc"] {
        for entry in fs::read_dir(folder().join(inner)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
                let name = path.strip_prefix(folder().join("src/wire")).unwrap().display().to_string();
                found.insert(name, words(code));
            }
        }
    }
    found
}

#[test]
fn each_rpc_of_the_protocol_is_served_or_listed_as_unserved() {
    let rows = rows();
    let sources = sources();
    let service = &sources["rpc/mod.rs"];
    for rpc in rpcs(&rows) {
        let is_served = service.contains(&snake(&rpc.name));
        assert_ne!(is_served, UNSERVED.contains(&rpc.name.as_str()), "{}", rpc.name);
    }
    for name in UNSERVED {
        assert!(rpcs(&rows).iter().any(|rpc| rpc.name == name), "{name} is no RPC");
    }
}

#[test]
fn each_field_of_the_protocol_is_used_or_unused_for_a_reason() {
    let rows = rows();
    let sources = sources();
    let unserved: Vec<String> = UNSERVED.iter().map(|name| (*name).to_owned()).collect();
    let is_of_a_state_store = |owner: &str| {
        STATE_STORES.iter().any(|name| owner.starts_with(name))
            || unserved.iter().any(|name| owner.starts_with(&format!("{name}.")))
    };
    let mut wrong = Vec::new();
    let mut count = 0;
    for row in &rows {
        let is_field = !row.owner.contains(' ') && !row.name.is_empty();
        if !is_field || is_of_a_state_store(&row.owner) {
            continue;
        }
        let (message, part) = row.owner.split_once('.').unwrap_or((&row.owner, ""));
        let name = snake(&row.name);
        // `GetMetadata.Response` is in the file of its RPC, `Schema.Block` anywhere.
        let file = format!("rpc/{}.rs", snake(message));
        let variant: String = name.split('_').map(capitalized).collect();
        let has = |words: &BTreeSet<String>| words.contains(&name) || words.contains(&variant);
        let of_rpc = sources.get(&file).filter(|_| !part.is_empty());
        let is_used = of_rpc.map_or_else(|| sources.values().any(has), has);
        let listed = UNUSED.iter().any(|(owner, field, _)| *owner == row.owner && *field == name);
        // Outside of the files of RPCs, another message may have a field of the same name.
        if if listed { is_used && of_rpc.is_some() } else { !is_used } {
            let state =
                if listed { "is used, but listed as unused" } else { "is neither used nor listed as unused" };
            wrong.push(format!("{}.{} ({}) {state}", row.owner, row.name, row.kind));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(count > 200, "the definitions are incomplete: {count} fields");
    for (owner, field, reason) in UNUSED {
        let exists = rows.iter().any(|row| row.owner == *owner && snake(&row.name) == *field);
        assert!(exists && !reason.is_empty(), "{owner}.{field} is no field");
    }
}
