//! States and identities of earlier versions, and objects of other types.

use serde_json::json;
use tfkit::engine::{ConfigureRequest, UpgradeIdentityRequest, UpgradeRequest};
use tfkit::engine::{ImportBy, ImportRequest, MoveRequest, ReadRequest, Stored};
use tfkit::{
    Computed, Configured, Current, Cx, Diag, Dyn, Earlier, Engine, Imported, KeyOf, Model, Move, Object,
    Partial, Path, Predecessor, Provider, Resource, Since, Source, Start, Types, Upgrade,
};

use crate::shop::summaries;

/// A pet.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "pet")]
struct Pet {
    /// Kennel of the pet.
    #[attr(key = optional, replace)]
    pub kennel: Option<String>,
    /// Number of the pet.
    #[attr(key, stable)]
    pub number: Computed<i64>,
    /// Names of the pet.
    pub names: Vec<String>,
    /// Age of the pet in years.
    pub age: Computed<Option<i64>>,
}

/// A pet of version 0.
#[derive(Clone, Object)]
struct PetV0 {
    /// Number of the pet, as a string.
    number: String,
    /// Name of the pet.
    name: Option<String>,
}

/// A pet of version 1.
#[derive(Clone, Object)]
struct PetV1 {
    /// Number of the pet.
    number: i64,
    /// Names, separated by commas.
    names: String,
}

impl Earlier for PetV0 {
    const VERSION: i64 = 0;
    type Next = PetV1;

    fn upgrade(self) -> Result<PetV1, Diag> {
        let number =
            self.number.parse().map_err(|_| Diag::error(format!("{:?} is no number", self.number)))?;
        Ok(PetV1 { number, names: self.name.unwrap_or_default() })
    }
}

impl Earlier for PetV1 {
    const VERSION: i64 = 1;
    type Next = Pet;

    fn upgrade(self) -> Result<Pet, Diag> {
        assert!(self.names != "panic", "asked to panic");
        let names = self.names.split(',').map(str::to_owned).collect();
        Ok(Pet { kennel: None, number: Computed::known(self.number), names, age: Computed::known(None) })
    }
}

/// The identity of version 0: one string.
#[derive(Clone, Object)]
struct TagV0 {
    /// Kennel and number, such as `north/7`.
    tag: String,
}

/// The identity of version 1.
#[derive(Clone, Object)]
struct TagV1 {
    /// Kennel.
    kennel: Option<String>,
    /// Number.
    number: i64,
}

impl Earlier for TagV0 {
    const VERSION: i64 = 0;
    type Next = TagV1;

    fn upgrade(self) -> Result<TagV1, Diag> {
        assert!(self.tag != "panic", "asked to panic");
        let (kennel, number) = self.tag.split_once('/').unwrap_or(("", self.tag.as_str()));
        let number = number.parse().map_err(|_| Diag::error("The tag has no number"))?;
        Ok(TagV1 { kennel: Some(kennel.to_owned()).filter(|kennel| !kennel.is_empty()), number })
    }
}

/// An animal of a zoo.
#[derive(Clone, Object)]
struct Animal {
    /// Number and species, such as `7 dog`.
    id: String,
    /// Name of the animal.
    name: Option<String>,
}

impl Predecessor for Animal {
    type Model = Pet;
    const TYPE_NAME: &'static str = "zoo_animal";
    const PROVIDER: &'static str = "acme/zoo";
    const VERSIONS: std::ops::RangeInclusive<i64> = 0..=1;

    fn take_over(self, source: &mut Source) -> Result<Imported<Pet>, Diag> {
        let (number, species) = self.id.split_once(' ').unwrap_or((self.id.as_str(), ""));
        let number: i64 = number.parse().map_err(|_| Diag::error("The animal has no number"))?;
        source.set_private("species", species.into())?;
        match (self.name.as_deref(), source.identity.attribute("kennel").as_str()) {
            (Some("panic"), _) => panic!("asked to panic"),
            (Some(name), kennel) => Ok(Imported::Model(Box::new(Pet {
                kennel: kennel.map(str::to_owned),
                number: Computed::known(number),
                names: vec![name.to_owned()],
                age: Computed::unknown(),
            }))),
            (None, kennel) => Ok(Imported::Key(PetKey { kennel: kennel.map(str::to_owned), number })),
        }
    }
}

impl Resource for Pet {
    type Model = Self;
    type Client = ();
    type Remote = ();
    const VERSION: i64 = 2;
    const UPGRADES: &'static [Upgrade] = &[Upgrade::of::<PetV0>(), Upgrade::of::<PetV1>()];
    const IDENTITY_VERSION: i64 = 1;
    const IDENTITY_UPGRADES: &'static [Upgrade] = &[Upgrade::of::<TagV0>()];
    const MOVES: &'static [Move<Self>] = &[Move::of::<Animal>()];

    async fn fetch(_: &Cx<()>, key: &PetKey) -> Result<Option<()>, Diag> {
        Ok((key.number == 7).then_some(()))
    }

    fn observe((): &(), since: Since<'_, Self>) -> Result<Self, Diag> {
        let names = since.model().map_or_else(|| vec!["Rex".to_owned()], |pet| pet.names.clone());
        let kennel = Some("north".to_owned());
        Ok(Pet { kennel, number: Computed::known(7), names, age: Computed::known(Some(3)) })
    }

    async fn create(_: &Cx<()>, _: Self) -> Result<Self, Diag> {
        Err(Diag::error("Pets are not for sale"))
    }

    async fn update(_: &Cx<()>, _: Current<Self>, plan: Self) -> Result<Self, Diag> {
        Ok(plan)
    }

    async fn delete(_: &Cx<()>, _: Self) -> Result<(), Diag> {
        Ok(())
    }
}

/// A shelter.
#[derive(Clone, Debug, Model)]
#[model(name = "shelter", kind = provider)]
struct Config {}

struct Shelter;

impl Provider for Shelter {
    type Config = Config;
    type Client = ();

    fn register(types: Types<()>) -> Types<()> {
        types.resource::<Pet>()
    }

    async fn configure(&self, _: &Partial<Config>, _: &Start) -> Result<Configured<()>, Diag> {
        Ok(Configured::Ready(()))
    }
}

/// Checks a result and its messages: an object, or the summary of an error.
fn check(what: &str, (found, diags): (Dyn, Vec<Diag>), expected: &Result<Dyn, &str>) {
    let expected = match expected {
        Ok(object) => (object.clone(), vec![]),
        Err(summary) => (Dyn::Null, vec![*summary]),
    };
    assert_eq!((found, summaries(&diags)), expected, "{what}");
}

fn pet(number: i64, names: &[&str]) -> Dyn {
    Dyn::map([
        ("kennel", Dyn::Null),
        ("number", number.into()),
        ("names", Dyn::list(names.iter().map(|name| Dyn::from(*name)))),
        ("age", Dyn::Null),
    ])
}

fn tag(kennel: &str, number: i64) -> Dyn {
    let kennel = if kennel.is_empty() { Dyn::Null } else { kennel.into() };
    Dyn::map([("kennel", kennel), ("number", number.into())])
}

#[tokio::test]
async fn typed_steps_upgrade_a_state_one_version_at_a_time() {
    let engine = Engine::new(Shelter);
    assert_eq!(engine.problems(), []);
    let cases: &[(i64, &str, Result<Dyn, &str>)] = &[
        (0, r#"{"number":"7","name":"Rex","gone":{"a":[1]}}"#, Ok(pet(7, &["Rex"]))),
        (1, r#"{"number":7,"names":"Rex,Max"}"#, Ok(pet(7, &["Rex", "Max"]))),
        (2, r#"{"number":7,"names":["Rex"],"kennel":null}"#, Ok(pet(7, &["Rex"]))),
        // Attributes that the schema no longer has.
        (2, r#"{"number":7,"names":["Rex"],"weight":4,"owner":{"name":"Ann"}}"#, Ok(pet(7, &["Rex"]))),
        (0, r#"{"number":"seven"}"#, Err("\"seven\" is no number")),
        (0, r#"{"number":["7"]}"#, Err("The stored attributes of the object cannot be read")),
        (0, "{}", Err("The stored attributes of the object cannot be read")),
        (0, "[]", Err("The stored attributes of the object cannot be read")),
        (0, "null", Err("The stored attributes of the object cannot be read")),
        (2, "null", Err("The state of shelter_pet cannot be read")),
        (2, "[]", Err("The state of shelter_pet cannot be read")),
        (1, r#"{"number":7,"names":"panic"}"#, Err("The upgrade of the state of shelter_pet crashed")),
        (3, "{}", Err("The state of shelter_pet was written by a newer version of the provider")),
        (i64::MAX, "{}", Err("The state of shelter_pet was written by a newer version of the provider")),
        (i64::MIN, "{}", Err("The state of shelter_pet is too old for this version of the provider")),
    ];
    for (version, stored, expected) in cases {
        let request = UpgradeRequest {
            type_name: "shelter_pet".to_owned(),
            version: *version,
            json: stored.as_bytes().to_vec(),
        };
        check(stored, engine.upgrade(request).await, expected);
    }
}

#[tokio::test]
async fn an_identity_is_upgraded_one_version_at_a_time_or_the_reason_is_reported() {
    let engine = Engine::new(Shelter);
    assert_eq!(engine.identity_schema("shelter_pet").unwrap().version, 1);
    let cases: &[(i64, &str, Result<Dyn, &str>)] = &[
        (0, r#"{"tag":"north/7"}"#, Ok(tag("north", 7))),
        (0, r#"{"tag":"7"}"#, Ok(tag("", 7))),
        (1, r#"{"number":7,"kennel":"north"}"#, Ok(tag("north", 7))),
        // A part that was added since, and one that was removed.
        (1, r#"{"number":7,"owner":"Ann"}"#, Ok(tag("", 7))),
        (0, r#"{"tag":"x"}"#, Err("The tag has no number")),
        (0, r#"{"tag":"panic"}"#, Err("The upgrade of the identity of shelter_pet crashed")),
        (0, "{}", Err("The stored attributes of the object cannot be read")),
        (0, "null", Err("The stored attributes of the object cannot be read")),
        (1, "null", Err("The stored identity of a shelter_pet cannot be read")),
        (1, "[1]", Err("The stored identity of a shelter_pet cannot be read")),
        (1, "{", Err("The stored identity of a shelter_pet cannot be read")),
        (1, "", Err("The stored identity of a shelter_pet cannot be read")),
        (2, "{}", Err("The identity of a shelter_pet was written by a newer version of the provider")),
        (-1, "{}", Err("The identity of a shelter_pet is too old for this version of the provider")),
    ];
    for (version, stored, expected) in cases {
        let request = UpgradeIdentityRequest {
            type_name: "shelter_pet".to_owned(),
            version: *version,
            json: stored.as_bytes().to_vec(),
        };
        check(stored, engine.upgrade_identity(request).await, expected);
    }
}

fn animal(stored: &str) -> MoveRequest {
    MoveRequest {
        type_name: "shelter_pet".to_owned(),
        source_provider: "registry.example.com/acme/zoo".to_owned(),
        source_type: "zoo_animal".to_owned(),
        version: 1,
        json: stored.as_bytes().to_vec(),
        private: b"foreign".to_vec(),
        identity: Vec::new(),
    }
}

async fn moved(request: MoveRequest) -> Stored {
    Engine::new(Shelter).move_resource(request).await
}

#[tokio::test]
async fn an_object_of_another_type_becomes_a_state_with_its_identity_and_private_values() {
    let named = moved(animal(r#"{"id":"7 dog","name":"Rex","cage":4}"#)).await;
    assert_eq!((named.state, named.identity, named.diags), (pet(7, &["Rex"]), tag("", 7), vec![]));
    let private: serde_json::Value = serde_json::from_slice(&named.private).unwrap();
    assert_eq!(private["species"], json!("dog"));

    // A key alone. The refresh that follows adds everything else.
    let identity = br#"{"kennel":"north"}"#.to_vec();
    let keyed = moved(MoveRequest { identity, ..animal(r#"{"id":"7"}"#) }).await;
    assert_eq!((&keyed.identity, &keyed.diags), (&tag("north", 7), &vec![]));
    assert_eq!(keyed.state.attribute("names"), &Dyn::Null);
    let engine = Engine::new(Shelter);
    let config = Dyn::map::<&str>([]);
    engine.configure(ConfigureRequest { host_version: "1.8.0".to_owned(), config }).await;
    let request = ReadRequest {
        type_name: "shelter_pet".to_owned(),
        state: keyed.state,
        private: keyed.private,
        identity: keyed.identity,
    };
    let read = engine.read(request).await;
    assert_eq!(read.diags, []);
    assert_eq!(read.state.attribute("names"), &Dyn::list([Dyn::from("Rex")]));
}

#[tokio::test]
async fn an_object_of_the_same_type_moves_from_another_address_with_the_upgrades_of_its_version() {
    let same = |provider: &str, version, stored: &str| MoveRequest {
        source_provider: provider.to_owned(),
        source_type: "shelter_pet".to_owned(),
        version,
        private: br#"{".version":1,"etag":"7"}"#.to_vec(),
        ..animal(stored)
    };
    for provider in ["registry.example.com/acme/shelter", "mirror.example.com/fork/shelter"] {
        let stored = moved(same(provider, 0, r#"{"number":"7","name":"Rex"}"#)).await;
        assert_eq!((stored.state, stored.identity, stored.diags), (pet(7, &["Rex"]), tag("", 7), vec![]));
        assert_eq!(stored.private, br#"{".version":1,"etag":"7"}"#);
    }
    let newer = moved(same("registry.example.com/acme/shelter", 9, "{}")).await;
    assert_eq!(
        summaries(&newer.diags),
        ["The state of shelter_pet was written by a newer version of the provider"]
    );
    let other = moved(same("registry.example.com/acme/noshelter", 0, "{}")).await;
    assert_eq!(summaries(&other.diags), ["A shelter_pet cannot be moved to shelter_pet"]);
}

#[tokio::test]
async fn a_move_that_nothing_describes_is_refused_with_what_could_be_moved() {
    let valid = || animal(r#"{"id":"7"}"#);
    let cases: [(MoveRequest, &str); 8] = [
        (MoveRequest { version: 2, ..valid() }, "A zoo_animal cannot be moved to shelter_pet"),
        (
            MoveRequest { source_type: "zoo_plant".into(), ..valid() },
            "A zoo_plant cannot be moved to shelter_pet",
        ),
        (
            MoveRequest { source_provider: "x/other/zoo".into(), ..valid() },
            "A zoo_animal cannot be moved to shelter_pet",
        ),
        (
            MoveRequest { type_name: "shelter_toy".into(), ..valid() },
            "The provider has no resource named shelter_toy",
        ),
        (animal("{"), "The state of zoo_animal cannot be read"),
        (animal("{}"), "The stored attributes of the object cannot be read"),
        (animal(r#"{"id":"x"}"#), "The animal has no number"),
        (animal(r#"{"id":"7","name":"panic"}"#), "The move of zoo_animal to shelter_pet crashed"),
    ];
    for (request, summary) in cases {
        let stored = moved(request.clone()).await;
        assert_eq!(summaries(&stored.diags), [summary], "{request:?}");
        assert_eq!((stored.state, stored.identity), (Dyn::Null, Dyn::Null), "{request:?}");
    }
    let refused = moved(MoveRequest { version: 2, ..valid() }).await;
    let detail = refused.diags[0].detail();
    assert!(detail.contains("can take over objects of: zoo_animal of provider acme/zoo."), "{detail}");
    assert!(detail.contains("\n  terraform import shelter_pet.NAME ID\n"), "{detail}");
}

#[tokio::test]
async fn a_state_without_an_identity_gets_it_on_refresh() {
    let engine = Engine::new(Shelter);
    engine
        .configure(ConfigureRequest { host_version: "1.12.0".to_owned(), config: Dyn::map::<&str>([]) })
        .await;
    let request = ImportRequest { type_name: "shelter_pet".to_owned(), by: ImportBy::Id("7".to_owned()) };
    let imported = engine.import(request).await;
    for identity in [Dyn::Null, tag("", 7), tag("north", 7)] {
        let request = ReadRequest {
            type_name: "shelter_pet".to_owned(),
            state: imported.state.clone(),
            private: Vec::new(),
            identity,
        };
        let read = engine.read(request).await;
        assert_eq!((read.identity, read.diags), (tag("north", 7), vec![]));
    }
}

/// Steps that lead nowhere.
struct Careless;

impl Resource for Careless {
    type Model = Pet;
    type Client = ();
    type Remote = ();
    const VERSION: i64 = 3;
    const UPGRADES: &'static [Upgrade] =
        &[Upgrade::of::<PetV0>(), Upgrade::of::<PetV0>(), Upgrade { from: 3, run: Ok }];
    const IDENTITY_UPGRADES: &'static [Upgrade] = &[Upgrade::of::<TagV0>()];

    async fn fetch(_: &Cx<()>, _: &KeyOf<Self>) -> Result<Option<()>, Diag> {
        Ok(None)
    }

    fn observe((): &(), _: Since<'_, Pet>) -> Result<Pet, Diag> {
        Err(Diag::error("There are no pets").at(Path::root()))
    }

    async fn create(_: &Cx<()>, plan: Pet) -> Result<Pet, Diag> {
        Ok(plan)
    }

    async fn update(_: &Cx<()>, _: Current<Self>, plan: Pet) -> Result<Pet, Diag> {
        Ok(plan)
    }

    async fn delete(_: &Cx<()>, _: Pet) -> Result<(), Diag> {
        Ok(())
    }
}

struct Chaos;

impl Provider for Chaos {
    type Config = Config;
    type Client = ();

    fn register(types: Types<()>) -> Types<()> {
        types.resource::<Careless>()
    }

    async fn configure(&self, _: &Partial<Config>, _: &Start) -> Result<Configured<()>, Diag> {
        Ok(Configured::Ready(()))
    }
}

#[test]
fn upgrades_with_gaps_are_reported_as_bugs() {
    assert_eq!(
        summaries(&Engine::new(Chaos).problems()),
        [
            "shelter_pet: the upgrade from version 3 is never used",
            "shelter_pet: version 0 has 2 upgrades instead of one",
            "shelter_pet: version 1 has 0 upgrades instead of one",
            "shelter_pet: version 2 has 0 upgrades instead of one",
            "identity of shelter_pet: the upgrade from version 0 is never used",
        ]
    );
}
