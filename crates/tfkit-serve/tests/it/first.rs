//! The first provider that the README of tfkit shows, under the real host.

use std::fs;
use std::path::Path;

use crate::terraform::{Project, hosts};

const NOTE: &str = "resource \"pinboard_note\" \"it\" {\n  name = \"hello\"\n  text = \"Hello, world\"\n}\n";

#[test]
fn the_first_provider_creates_changes_imports_and_destroys_a_note() {
    for host in hosts() {
        let project = Project::at(&host, "first", "registry.terraform.io/acme/pinboard");
        project.configure_with("", NOTE);
        assert!(project.apply().contains("1 added"));
        assert!(!project.plan_changes(), "a second plan must be empty");
        let file = project.folder().join("hello");
        assert_eq!(fs::read_to_string(&file).unwrap(), "Hello, world");
        assert_eq!(project.attributes("pinboard_note.it")["size"], 12);

        project.configure_with("", &NOTE.replace("world", "you"));
        assert!(project.apply().contains("1 changed"));
        project.run(&["state", "rm", "pinboard_note.it"]);
        project.run(&["import", "-no-color", "pinboard_note.it", "hello"]);
        assert!(!project.plan_changes(), "an imported note must plan empty");

        project.run(&["destroy", "-no-color", "-auto-approve"]);
        assert!(!file.exists());
    }
}

#[test]
fn the_readme_shows_the_first_provider_as_it_is_tested() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let example = fs::read_to_string(crates.join("tfkit-serve/examples/first.rs")).unwrap();
    let readme = fs::read_to_string(crates.join("tfkit/README.md")).unwrap();
    let code = example.split_once("\n\n").unwrap().1;
    assert!(readme.contains(code.trim_end()), "copy examples/first.rs into crates/tfkit/README.md");
}
