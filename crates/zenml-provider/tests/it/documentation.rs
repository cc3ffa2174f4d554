//! The pages say what the schemas say.

use std::fs;
use std::path::Path;

use tfkit::Schema;

use crate::world::engine;

/// What a page does not say of its type.
fn missing(page: &str, schema: &Schema) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    let Ok(text) = fs::read_to_string(&path) else { return vec![format!("docs/{page} does not exist")] };
    let names = schema.attributes.iter().map(|attribute| attribute.name);
    names
        .filter(|name| !text.contains(&format!("- `{name}` (")))
        .map(|name| format!("docs/{page} says nothing of {name}"))
        .collect()
}

#[test]
fn every_type_has_a_page_that_names_all_its_attributes() {
    let engine = engine();
    let noun = |name: &str| name.trim_start_matches("zenml_").to_owned();
    let mut found = missing("index.md", engine.provider_schema());
    for name in engine.resources() {
        found.extend(missing(&format!("resources/{}.md", noun(name)), engine.resource_schema(name).unwrap()));
    }
    for name in engine.data_sources() {
        found.extend(missing(
            &format!("data-sources/{}.md", noun(name)),
            engine.data_source_schema(name).unwrap(),
        ));
    }
    assert_eq!(found, Vec::<String>::new());
}
