//! Pages of a provider that has each kind of attribute.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::marker::PhantomData;
use std::time::Duration;

use tfkit::docs::{Files, pages};
use tfkit::model::Operation;
use tfkit::timeouts::{Create, Delete, Invoke, Timeouts};
use tfkit::{
    Action, Arguments, Computed, Configured, Current, Cx, DataSource, Diag, Dyn, Engine, EphemeralResource,
    Function, IfSet, KeyOf, Model, Object, Opened, Opening, OrDefault, OrServer, Partial, Provider, Resource,
    Secret, Since, Start, Twin, Types,
};

/// A rack that holds `shelves`.
/// It stands in a room.
///
/// - It is never moved.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "rack", since = "1.2.0", needs = "the role Janitor", category = "Furniture")]
#[model(import = "NAME", rule = Rule::AtMostOneOf(&["note", "colour"]))]
struct Rack {
    /// ID of the room.
    #[attr(key = optional, replace)]
    room_id: OrServer<String>,
    /// ID of the rack.
    #[attr(key, stable)]
    id: Computed<String>,
    /// Name of the rack,
    /// unique in its room.
    #[attr(check = length(1..=30), check = one_of(&["north", "south"]))]
    name: String,
    /// A note.
    note: Option<String>,
    /// Color of the rack.
    #[attr(default = "grey", deprecated = "Use `note`.")]
    colour: OrDefault<String>,
    /// Labels.
    labels: IfSet<BTreeMap<String, Vec<i64>>>,
    /// Whether the rack is locked.
    #[attr(default = true)]
    locked: OrDefault<bool>,
    /// Key of the door.
    door_key: Option<Secret<String>>,
    /// Code of the alarm.
    #[attr(twin)]
    code: Twin<Secret<String>>,
    /// Anything.
    extra: Option<Dyn>,
    /// The lock.
    lock: Option<Lock>,
    /// The shelves, from the top.
    shelves: Vec<Shelf>,
    /// The screws.
    screws: Option<BTreeSet<Screw>>,
    /// The locks, by door.
    locks: Computed<BTreeMap<String, Lock>>,
    /// Wood of the rack.
    #[attr(default = Wood::Oak)]
    wood: OrDefault<Wood>,
    /// Brackets on the wall.
    #[attr(block, min = 1, max = 3)]
    bracket: Vec<Bracket>,
    /// A ladder.
    #[attr(block)]
    ladder: Option<Bracket>,
    /// Time limits.
    timeouts: Option<Timeouts<(Create, Delete)>>,
}

#[derive(Clone, Copy, Debug, PartialEq, tfkit::Enum)]
enum Wood {
    Oak,
    #[attr(name = "red-beech")]
    Beech,
}

/// A bracket.
#[derive(Clone, Debug, PartialEq, Object)]
#[model(rule = Rule::AtMostOneOf(&["height", "share"]))]
struct Bracket {
    /// Height in meters.
    height: Option<f64>,
    /// Height as a share of the wall.
    #[attr(deprecated = "Use `height`.")]
    share: Option<f32>,
}

/// A shelf.
#[derive(Clone, Debug, PartialEq, Object)]
struct Shelf {
    /// Width in centimeters.
    #[attr(check = number(10..=200))]
    width: u64,
    /// The locks of the shelf.
    locks: Option<Vec<Lock>>,
}

/// A lock.
#[derive(Clone, Debug, PartialEq, Object)]
struct Lock {
    /// Maker of the lock.
    #[attr(default = "Acme")]
    maker: OrDefault<String>,
}

/// A screw.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Object)]
struct Screw {
    /// Size of the screw.
    size: String,
}

/// A right to open a rack.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "right", import = "RACK_ID/user/USER_ID/ROLE", import = "RACK_ID/team/TEAM_ID/ROLE")]
#[model(rule = Rule::ExactlyOneOf(&["team_id", "user_id"]))]
struct Right {
    /// ID of the rack.
    #[attr(key, replace)]
    rack_id: String,
    /// ID of the team.
    #[attr(key = optional, replace)]
    team_id: Option<String>,
    /// ID of the user.
    #[attr(key = optional, replace)]
    user_id: Option<String>,
    /// What the right allows.
    #[attr(key, replace)]
    role: String,
}

/// A type whose author forgot something.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "loan")]
struct Loan {
    /// ID of the rack.
    #[attr(key)]
    rack_id: String,
    /// ID of the user.
    #[attr(key = optional)]
    user_id: Option<String>,
    /// Lock of the loan.
    lock: Option<Bolt>,
}

/// A bolt.
#[derive(Clone, Debug, PartialEq, Object)]
struct Bolt {
    /// Maker of the bolt. Default: Acme.
    #[attr(default = "Acme")]
    maker: OrDefault<String>,
}

/// Lists the racks of a room.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "racks", kind = data_source)]
struct Racks {
    /// ID of the room.
    room_id: String,
    /// IDs of the racks.
    ids: Computed<BTreeSet<String>>,
}

/// Cleans a rack.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "clean", kind = action, since = "1.3.0", needs = "a broom", category = "Furniture")]
struct Clean {
    /// ID of the rack.
    rack_id: String,
    /// How thoroughly.
    #[attr(default = "well")]
    how: OrDefault<String>,
    /// Password of the cleaner.
    #[attr(write_only)]
    password: Option<Secret<String>>,
    /// Time limits.
    timeouts: Option<Timeouts<(Invoke,)>>,
}

/// A code that opens a rack for a while.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "pass", kind = ephemeral_resource, since = "1.3.0", needs = "the role Janitor")]
struct Pass {
    /// ID of the rack.
    rack_id: String,
    /// The code.
    code: Computed<Secret<String>>,
}

impl<M: tfkit::model::Model> EphemeralResource for Closed<M> {
    type Model = M;
    type Client = ();
    type Lease = ();

    async fn open(_: &Opening<(), ()>, _: M) -> Result<Opened<M>, Diag> {
        closed()
    }
}

/// Returns what is printed on a shelf of a `rack`.
///
/// - It is in capitals.
#[derive(Clone, Debug, Arguments)]
#[function(name = "label", since = "1.3.0", category = "Furniture", deprecated = "Print it.")]
struct Label {
    /// Name of the rack,
    /// in any case.
    #[arg(check = length(1..=30))]
    rack: String,
    /// Number of the shelf.
    shelf: Option<u64>,
    /// Lines below the name.
    #[arg(variadic)]
    lines: Vec<Dyn>,
}

/// A label.
#[derive(Clone, Debug, Object)]
struct Printed {
    /// The text.
    text: String,
    /// Number of lines.
    lines: u64,
}

impl Function for Label {
    type Output = Printed;

    fn call(self) -> Result<Printed, Diag> {
        let place = self.shelf.map_or(String::new(), |shelf| format!(" {shelf}"));
        let lines = u64::try_from(self.lines.len()).unwrap();
        Ok(Printed { text: format!("{}{place}", self.rack.to_uppercase()), lines })
    }
}

/// Manages storage.
#[derive(Clone, Debug, Model)]
#[model(name = "store", kind = provider)]
struct Config {
    /// URL of the server.
    url: Option<String>,
}

/// A behavior whose server has no objects and rejects everything: pages are about models.
struct Closed<M>(PhantomData<fn() -> M>);

fn closed<T>() -> Result<T, Diag> {
    Err(Diag::error("The store is closed"))
}

impl<M: tfkit::model::Model> Resource for Closed<M> {
    type Model = M;
    type Client = ();
    type Remote = Infallible;

    async fn fetch(_: &Cx<()>, _: &KeyOf<Self>) -> Result<Option<Infallible>, Diag> {
        Ok(None)
    }

    fn observe(remote: &Infallible, _: Since<'_, M>) -> Result<M, Diag> {
        match *remote {}
    }

    async fn create(_: &Cx<()>, _: M) -> Result<M, Diag> {
        closed()
    }

    async fn update(_: &Cx<()>, _: Current<Self>, _: M) -> Result<M, Diag> {
        closed()
    }

    async fn delete(_: &Cx<()>, _: M) -> Result<(), Diag> {
        closed()
    }

    fn timeout(operation: Operation) -> Duration {
        Duration::from_secs(if operation == Operation::Create { 5400 } else { 45 })
    }
}

impl<M: tfkit::model::Model> DataSource for Closed<M> {
    type Model = M;
    type Client = ();

    async fn read(_: &Cx<()>, _: M) -> Result<M, Diag> {
        closed()
    }
}

impl<M: tfkit::model::Model> Action for Closed<M> {
    type Model = M;
    type Client = ();

    async fn invoke(_: &Cx<()>, _: M) -> Result<(), Diag> {
        closed()
    }
}

/// The provider, with or without the incomplete type.
struct Store<const CARELESS: bool>;

impl<const CARELESS: bool> Provider for Store<CARELESS> {
    type Config = Config;
    type Client = ();

    fn register(types: Types<()>) -> Types<()> {
        let types = types.resource::<Closed<Rack>>().resource::<Closed<Right>>();
        let types = types.data_source::<Closed<Racks>>().action::<Closed<Clean>>();
        let types = types.ephemeral_resource::<Closed<Pass>>().function::<Label>();
        if CARELESS { types.resource::<Closed<Loan>>() } else { types }
    }

    async fn configure(&self, _: &Partial<Config>, _: &Start) -> Result<Configured<()>, Diag> {
        Ok(Configured::Ready(()))
    }
}

/// Returns the input of the pages.
fn sources() -> Files {
    [
        ("examples/provider/provider.tf", "provider \"store\" {}\n"),
        (
            "examples/resources/store_rack/resource.tf",
            "# A rack.\nresource \"store_rack\" \"north\" {\n  name = \"north\"\n}\n",
        ),
        ("examples/resources/store_rack/alarm.tf", "resource \"store_rack\" \"alarm\" {}\n"),
        ("examples/resources/store_right/resource.tf", "resource \"store_right\" \"ann\" {}\n"),
        ("examples/data-sources/store_racks/data-source.tf", "data \"store_racks\" \"all\" {}\n"),
        ("examples/actions/store_clean/action.tf", "action \"store_clean\" \"north\" {}\n"),
        (
            "examples/ephemeral-resources/store_pass/ephemeral-resource.tf",
            "ephemeral \"store_pass\" \"ann\" {}\n",
        ),
        (
            "examples/functions/label/function.tf",
            "output \"label\" {\n  value = provider::store::label(\"north\", 1)\n}\n",
        ),
        ("templates/functions/label.md", "A label is printed.\n"),
        ("examples/complete/main.tf", "# Not of a page.\n"),
        (
            "templates/resources/rack.md",
            "A rack is **heavy**.\n\n## Import\n\nThe room can be given by its name.\n",
        ),
        ("templates/index.md", "# The Store\n\nBefore.\n\n<!-- example -->\n\n## Details\n\nAfter.\n"),
    ]
    .map(|(path, text)| (path.to_owned(), text.to_owned()))
    .into()
}

#[test]
fn a_page_has_the_layout_of_the_registry() {
    let made = pages(&Engine::new(Store::<false>), &sources()).unwrap();
    let expected = [
        ("actions/clean.md", include_str!("clean.md")),
        ("data-sources/racks.md", include_str!("racks.md")),
        ("ephemeral-resources/pass.md", include_str!("pass.md")),
        ("functions/label.md", include_str!("label.md")),
        ("index.md", include_str!("index.md")),
        ("resources/rack.md", include_str!("rack.md")),
        ("resources/right.md", include_str!("right.md")),
    ];
    for (path, text) in expected {
        assert_eq!(made.get(path).map(String::as_str), Some(text), "{path}");
    }
    assert_eq!(made.len(), expected.len());
}

#[test]
fn missing_and_unused_files_are_reported() {
    let cases: [(&str, Option<&str>, &str); 8] = [
        (
            "examples/actions/store_clean/action.tf",
            None,
            "examples/actions/store_clean/action.tf: missing; every page requires an example",
        ),
        (
            "examples/actions/store_clean/action.tf",
            Some("action \"store_wash\" \"a\" {}\n"),
            "examples/actions/store_clean/action.tf: declares no action \"store_clean\"",
        ),
        (
            "examples/resources/store_rack/resource.tf",
            None,
            "examples/resources/store_rack/resource.tf: missing; every page requires an example",
        ),
        (
            "examples/resources/store_rack/resource.tf",
            Some("resource \"store_right\" \"ann\" {}\n"),
            "examples/resources/store_rack/resource.tf: declares no resource \"store_rack\"",
        ),
        (
            "examples/resources/store_shelf/resource.tf",
            Some(""),
            "examples/resources/store_shelf/resource.tf: no page uses it",
        ),
        (
            "examples/resources/store_rack/import.sh",
            Some(""),
            "examples/resources/store_rack/import.sh: no page uses it",
        ),
        ("templates/resources/shelf.md", Some(""), "templates/resources/shelf.md: no page uses it"),
        (
            "templates/data-sources/racks.md",
            Some("## Import\n\nBy name.\n"),
            "templates/data-sources/racks.md: has an import section, but the type has no identity",
        ),
    ];
    for (path, text, problem) in cases {
        let mut sources = sources();
        match text {
            Some(text) => drop(sources.insert(path.to_owned(), text.to_owned())),
            None => drop(sources.remove(path)),
        }
        assert_eq!(pages(&Engine::new(Store::<false>), &sources), Err(vec![problem.to_owned()]), "{path}");
    }
}

#[test]
fn repeated_defaults_and_missing_import_formats_are_reported() {
    let mut sources = sources();
    sources.insert(
        "examples/resources/store_loan/resource.tf".to_owned(),
        "resource \"store_loan\" \"a\" {}\n".to_owned(),
    );
    let problems = pages(&Engine::new(Store::<true>), &sources).unwrap_err();
    let expected = [
        "store_loan: the description of `maker` contains the default, which the page adds automatically",
        "store_loan: the parts of the key are not an import id; set the format with #[model(import = \"…\")]",
    ];
    assert_eq!(problems, expected);
}
