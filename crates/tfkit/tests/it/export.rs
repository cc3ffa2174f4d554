//! Files of exported objects.

use std::collections::BTreeMap;

use tfkit::export::{Item, Source, files};
use tfkit::{
    Computed, Configured, Current, Cx, Diag, Dyn, Engine, Model, Object, Partial, Provider, Resource, Secret,
    Since, Start, Types,
};

/// A task.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "task")]
struct Task {
    /// Identifier of the task.
    #[attr(key, stable)]
    pub id: Computed<String>,
    /// Name of the task.
    pub name: String,
    /// The task that it is a part of.
    pub parent_id: Option<String>,
    /// Tasks that come first.
    pub after: Option<Vec<String>>,
    /// Settings.
    pub settings: Option<BTreeMap<String, String>>,
    /// Where the task is done.
    pub place: Option<Place>,
    /// How often.
    pub times: Option<u64>,
    /// A password.
    pub password: Option<Secret<String>>,
}

/// A place.
#[derive(Clone, Debug, PartialEq, Object)]
struct Place {
    /// Name of the room.
    pub room: String,
    /// Code of the door.
    pub code: Option<Secret<String>>,
}

impl Resource for Task {
    type Model = Self;
    type Client = ();
    type Remote = Self;

    async fn fetch(_: &Cx<()>, _: &TaskKey) -> Result<Option<Self>, Diag> {
        Ok(None)
    }

    fn observe(remote: &Self, _: Since<'_, Self>) -> Result<Self, Diag> {
        Ok(remote.clone())
    }

    async fn create(_: &Cx<()>, plan: Self) -> Result<Self, Diag> {
        Ok(plan)
    }

    async fn update(_: &Cx<()>, _: Current<Self>, plan: Self) -> Result<Self, Diag> {
        Ok(plan)
    }

    async fn delete(_: &Cx<()>, _: Self) -> Result<(), Diag> {
        Ok(())
    }
}

/// Tasks.
#[derive(Clone, Debug, Model)]
#[model(name = "todo", kind = provider)]
struct Config {}

struct Todo;

impl Provider for Todo {
    type Config = Config;
    type Client = ();

    fn register(types: Types<()>) -> Types<()> {
        types.resource::<Task>()
    }

    async fn configure(&self, _: &Partial<Config>, _: &Start) -> Result<Configured<()>, Diag> {
        Ok(Configured::Ready(()))
    }
}

fn id(number: u8) -> String {
    format!("00000000-0000-4000-8000-0000000000{number:02}")
}

fn item(number: u8, name: &str, config: Vec<(&str, Dyn)>) -> Item {
    let names = ["id", "parent_id", "after", "settings", "place", "times", "password"];
    let mut attributes: BTreeMap<&str, Dyn> = names.map(|name| (name, Dyn::Null)).into();
    attributes.insert("name", name.into());
    attributes.extend(config);
    let config = Dyn::map(attributes.clone());
    attributes.insert("id", id(number).into());
    Item {
        type_name: "todo_task".to_owned(),
        name: name.to_owned(),
        identity: Dyn::map([("id", id(number).into())]),
        state: Dyn::map(attributes),
        config,
        disclosed: Vec::new(),
    }
}

fn exported(items: Vec<Item>) -> BTreeMap<String, String> {
    let source = Source { address: "acme/todo", version: "~> 1.0", comment: "The key is in TODO_KEY." };
    files(&Engine::new(Todo), source, items)
}

#[test]
fn an_export_has_the_provider_the_imports_and_a_file_for_each_type() {
    let files = exported(vec![item(1, "Clean up", Vec::new())]);
    let expected = [
        ("imports.tf", format!("import {{\n  to = todo_task.clean_up\n  id = \"{}\"\n}}\n", id(1))),
        (
            "providers.tf",
            "terraform {\n  required_providers {\n    todo = {\n      source  = \"acme/todo\"\n      version = \"~> \
             1.0\"\n    }\n  }\n}\n\nprovider \"todo\" {\n  # The key is in TODO_KEY.\n}\n"
                .to_owned(),
        ),
        ("task.tf", "resource \"todo_task\" \"clean_up\" {\n  name = \"Clean up\"\n}\n".to_owned()),
    ];
    assert_eq!(files, expected.map(|(name, text)| (name.to_owned(), text)).into());
}

#[test]
fn ids_become_references_wherever_they_occur_but_never_in_a_circle() {
    let files = exported(vec![
        item(1, "a", vec![("parent_id", id(2).into()), ("after", Dyn::list([id(3).into(), id(9).into()]))]),
        item(2, "b", vec![("parent_id", id(1).into()), ("settings", Dyn::map([("next", id(3).into())]))]),
        item(3, "b", vec![("parent_id", id(3).into())]),
    ]);
    let text = &files["task.tf"];
    for (line, what) in [
        ("parent_id = todo_task.b.id", "a reference"),
        ("after     = [todo_task.b_2.id, \"00000000-0000-4000-8000-000000000009\"]", "in a list"),
        ("next = todo_task.b_2.id", "in a map"),
        ("parent_id = \"00000000-0000-4000-8000-000000000001\"", "a circle of two"),
        ("parent_id = \"00000000-0000-4000-8000-000000000003\"", "the object itself"),
    ] {
        assert!(text.contains(line), "{what}:\n{text}");
    }
}

#[test]
fn secrets_are_variables_unless_they_are_disclosed() {
    let place = Dyn::map([("room", "kitchen".into()), ("code", "hunter2".into())]);
    let secret = |disclosed| {
        let config = vec![("password", "hunter2".into()), ("place", place.clone())];
        Item { disclosed, ..item(1, "a", config) }
    };
    let files = exported(vec![secret(Vec::new())]);
    assert!(files.values().all(|text| !text.contains("hunter2")), "{files:?}");
    assert!(files["task.tf"].contains("password = nonsensitive(var.task_a_password)"), "{files:?}");
    assert!(files["task.tf"].contains("code = nonsensitive(var.task_a_place_code)"), "{files:?}");
    let variable = "variable \"task_a_password\" {\n  description = \"Sensitive: password of todo_task.a.\"\n  type        = \
                    string\n  sensitive   = true\n}\n";
    assert!(files["variables.tf"].contains(variable), "{}", files["variables.tf"]);
    let files = exported(vec![secret(vec!["password"])]);
    assert!(files["task.tf"].contains("password = \"hunter2\""), "{files:?}");
}

#[test]
fn names_and_values_are_escaped_and_labels_differ() {
    let odd = "${x} \"q\"\n%{if}";
    let settings = Dyn::map([(odd, odd.into()), ("json", r#"{"a":[1,true,null,"${x}"]}"#.into())]);
    let files = exported(vec![
        item(1, odd, vec![("settings", settings), ("times", 3.into())]),
        item(2, "x q if", Vec::new()),
        item(3, "模型", Vec::new()),
    ]);
    let text = &files["task.tf"];
    for line in [
        "resource \"todo_task\" \"x_q_if\" {",
        "resource \"todo_task\" \"x_q_if_2\" {",
        "resource \"todo_task\" \"unnamed\" {",
        "name = \"$${x} \\\"q\\\"\\n%%{if}\"",
        "\"$${x} \\\"q\\\"\\n%%{if}\" = \"$${x} \\\"q\\\"\\n%%{if}\"",
        "json = jsonencode({\n      a = [1, true, null, \"$${x}\"]\n    })",
        "times = 3",
        "name = \"模型\"",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}
