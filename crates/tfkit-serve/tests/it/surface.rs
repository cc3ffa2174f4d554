//! Every kind of field, nested attribute and block in one resource, under the real host.

use serde_json::{Value as Json, json};

use crate::terraform::{Project, hosts};

/// A garden with everything. `${…}` are changed by the test.
const GARDEN: &str = r#"
variable "beds" {
  default = { Bean = 0.1, Pea = 1.2 }
}

resource "terraform_data" "late" {
  input = "later"
}

resource "surface_garden" "it" {
  name   = "g"
  byte   = 255
  level  = -7
  total  = 18446744073709551615
  exact  = 0.1000000000000000000000000000001
  ratio  = 1 / 3
  share  = 0.123456789
  shares = [0.1, 1 / 3]
  light  = "full-sun"
  lights = ["shade", "half_shade"]
  extra  = tolist(["a", "b"])
  guess  = { a = 1, b = [true, "x"], c = null }
  oldest = { name = "Oak", secret = "thorn-of-the-oak" }
  gate   = { sign = terraform_data.late.output }
  row    = [{ name = "Rose", height = 0.7 }, { name = "Tulip", light = "shade" }]
  lawn   = [{ name = "Daisy" }, { name = "Clover", note = "lucky" }]
  pots   = { small = { name = "Basil" } }

  middle {
    name = "Fountain"
  }
  dynamic "bed" {
    for_each = var.beds
    content {
      name   = bed.key
      height = bed.value
    }
  }
  tree {
    name = "Apple"
  }
  tree {
    name = "Pear"
  }
  wall "north" {
    name = "ivy"
  }
  wall "south" {
    name = "vine"
  }
  owner {
    name = "Ada"
    phone {
      number = "1"
    }
  }
}
"#;

#[test]
fn hosts_accept_every_kind_of_field_nested_attribute_and_block() {
    for host in hosts() {
        let project = Project::at(&host, "surface", "example.com/tests/surface");
        project.configure_with("", GARDEN);
        assert!(project.apply().contains("2 added"));
        assert!(!project.plan_changes(), "a second plan must be empty");
        let state = project.attributes("surface_garden.it");
        let parts: [(&str, Json); 12] = [
            ("/level", json!(-7)),
            ("/light", json!("full-sun")),
            ("/extra", json!(["a", "b"])),
            ("/guess", json!({"a": 1, "b": [true, "x"], "c": null})),
            ("/gate/sign", json!("later")),
            ("/row/1/light", json!("shade")),
            ("/row/1/height", json!(0.1)),
            ("/pots/small/letters", json!(5)),
            ("/middle/name", json!("Fountain")),
            ("/bed/1/height", json!(1.2)),
            ("/wall/north/name", json!("ivy")),
            ("/owner/phone/0/number", json!("1")),
        ];
        for (pointer, expected) in parts {
            assert_eq!(state.pointer(pointer), Some(&expected), "{pointer} of {state}");
        }

        let changed = GARDEN
            .replace("Tulip", "Lily")
            .replace("0.123456789", "0.5")
            .replace("tolist([\"a\", \"b\"])", "\"text\"")
            .replace("name = \"Pear\"", "name = \"Plum\"")
            .replace(", Pea = 1.2", "")
            .replace("  wall \"south\" {\n    name = \"vine\"\n  }\n", "")
            .replace("  middle {\n    name = \"Fountain\"\n  }\n", "");
        project.configure_with("", &changed);
        assert!(project.apply().contains("1 changed"));
        assert!(!project.plan_changes(), "a second plan must be empty");
        assert_eq!(project.attributes("surface_garden.it")["middle"], Json::Null);

        project.configure_with("", "resource \"surface_garden\" \"it\" {\n  name = \"g\"\n}\n");
        project.apply();
        assert!(!project.plan_changes(), "a second plan must be empty");
        let state = project.attributes("surface_garden.it");
        assert_eq!((&state["bed"], &state["wall"], &state["row"]), (&json!([]), &json!({}), &Json::Null));

        project.run(&["destroy", "-no-color", "-auto-approve"]);
    }
}

#[test]
fn hosts_import_a_garden_with_blocks() {
    for host in hosts() {
        let project = Project::at(&host, "surface", "example.com/tests/surface");
        project.configure_with("", GARDEN);
        project.apply();
        project.run(&["state", "rm", "surface_garden.it"]);
        project.run(&["import", "-no-color", "surface_garden.it", "g"]);
        project.apply();
        assert!(!project.plan_changes(), "an imported object must plan empty after an apply");
    }
}

/// Returns what a host prints for one more argument.
fn refusal(project: &Project, argument: &str) -> String {
    let body = format!("resource \"surface_garden\" \"it\" {{\n  name = \"g\"\n  {argument}\n}}\n");
    project.configure_with("", &body);
    let output = project.try_run(&["plan", "-no-color", "-input=false"]);
    assert!(!output.status.success(), "{argument}");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    // The host wraps lines and draws a frame.
    text.replace(['\u{2502}', '\n'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn hosts_show_what_a_field_cannot_hold_at_its_argument() {
    for host in hosts() {
        let project = Project::at(&host, "surface", "example.com/tests/surface");
        for (argument, expected) in [
            ("level = 2147483648", "must be an integer from -2147483648 to 2147483647"),
            ("share = 1e39", "must be within the range of a 32-bit float"),
            ("ratio = 9007199254740993", "a 64-bit float can hold without rounding"),
            ("light = \"ful-sun\"", "Did you mean \"full-sun\"?"),
            ("light = \"ful-sun\"", "be one of \"shade\", \"half_shade\", \"full-sun\""),
            ("row = [{ name = \"weed\" }]", "Weeds are not planted"),
            ("row = [{ name = \"a\", note = \"b\", remark = \"c\" }]", "cannot be set together"),
            ("bed { }", "The argument \"name\" is required"),
            ("bed {\n name = \"a\"\n light = \"sunny\"\n}", "be one of \"shade\""),
        ] {
            let shown = refusal(&project, argument);
            assert!(shown.contains(expected), "{argument}: {shown}");
            assert!(shown.contains("on main.tf line"), "{argument}: {shown}");
        }
    }
}

#[test]
fn elements_of_a_set_that_become_equal_show_no_change_after_their_apply() {
    let plants = [
        "{ name = \"Daisy\", height = 0.1 }, { name = \"Daisy\" }",
        "{ name = \"Daisy\" }, { name = \"DAISY\" }",
        "{ name = \"Daisy\", height = 0.1 }, { name = \"daisy\" }, { name = \"Clover\" }",
        "{ name = \"Caf\u{e9}\" }, { name = \"Cafe\u{301}\" }",
        "{ name = \"Daisy\", height = 1 }, { name = \"Daisy\", height = 1.0 }",
    ];
    for host in hosts() {
        let project = Project::at(&host, "surface", "example.com/tests/surface");
        for plants in plants {
            let blocks = plants.replace("}, {", "}\n  tree {").replace(", ", "\n    ");
            for set in [
                format!("lawn = [{plants}]"),
                format!("tree {blocks}").replace("{ ", "{\n    ").replace(" }", "\n  }"),
            ] {
                let garden = |argument: &str| {
                    format!(
                        "resource \"surface_garden\" \"it\" {{\n  name = \"g\"\n  {argument}\n  {set}\n}}\n"
                    )
                };
                project.configure_with("", &garden(""));
                assert!(project.apply().contains("1 added"), "{set}");
                assert!(!project.plan_changes(), "{set}: after the creation");
                project.configure_with("", &garden("level = 1"));
                assert!(project.apply().contains("1 changed"), "{set}");
                assert!(!project.plan_changes(), "{set}: after an update");
                project.run(&["destroy", "-no-color", "-auto-approve"]);
            }
        }
    }
}
