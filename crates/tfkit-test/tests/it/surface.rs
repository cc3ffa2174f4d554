//! Each kind of field, nested attribute and block, from its declaration to its plan and its apply. The values cross the
//! wire encoding, as between the host and the provider.

use serde_json::{Value as Json, json};
use tfkit::{Dyn, Engine, Path};
use tfkit_test::{Action, Failure, Harness, unknown};

use crate::garden::Surface;

const GARDEN: &str = "surface_garden.a";

async fn start() -> (Harness, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::new(Surface);
    assert_eq!(engine.problems(), []);
    let harness = Harness::start(engine, json!({"folder": folder.path()})).await.unwrap();
    (harness, folder)
}

fn garden(attribute: &str, value: impl Into<Json>) -> Json {
    let mut garden = json!({"name": "g"});
    garden[attribute] = value.into();
    garden
}

fn refused(failure: Failure) -> Vec<(Option<String>, String)> {
    let Failure::Refused { diags, .. } = failure else { panic!("{failure:?}") };
    let shown = |diag: tfkit::Diag| (diag.path.as_ref().map(Path::to_string), diag.to_string());
    diags.into_iter().map(shown).collect()
}

#[tokio::test]
async fn a_number_stays_as_the_user_wrote_it() {
    let (mut host, _folder) = start().await;
    // As strings, which the host also accepts for numbers, because JSON of serde is not exact.
    let cases = [
        ("byte", "255"),
        ("level", "-2147483648"),
        ("total", "18446744073709551615"),
        ("exact", "0.1000000000000000000000000000001"),
        ("ratio", "0.1"),
        ("ratio", "0.30000000000000000000000000004"),
        ("ratio", "0.33333333333333333333333333333333"),
        ("ratio", "1e23"),
        ("ratio", "1180591620717411303424"),
        ("ratio", "-5e-324"),
        ("ratio", "1.7976931348623157e308"),
        ("share", "0.1"),
        ("share", "0.123456789"),
        ("share", "16777216"),
        ("share", "3e38"),
    ];
    for (name, text) in cases {
        let expected = Dyn::Number(text.parse().unwrap());
        host.apply(GARDEN, garden(name, text)).await.unwrap();
        assert_eq!(host.state(GARDEN).unwrap().attribute(name), &expected, "{name} = {text}");
    }
    let shares = json!([0.1, 0.123_456_789, 7]);
    host.apply(GARDEN, garden("shares", shares)).await.unwrap();
}

#[tokio::test]
async fn a_number_that_a_field_cannot_hold_is_an_error_at_its_attribute() {
    let (host, _folder) = start().await;
    let cases = [
        ("byte", "256", "must be an integer from 0 to 255"),
        ("byte", "-1", "must be an integer from 0 to 255"),
        ("level", "2147483648", "must be an integer from -2147483648 to 2147483647"),
        ("level", "0.5", "must be an integer from -2147483648 to 2147483647"),
        ("total", "18446744073709551616", "must be an integer from 0 to 18446744073709551615"),
        ("ratio", "1e309", "must be within the range of a 64-bit float"),
        ("ratio", "1e-400", "must be within the range of a 64-bit float"),
        ("ratio", "9007199254740993", "must be an integer that a 64-bit float can hold without rounding"),
        ("share", "1e39", "must be within the range of a 32-bit float"),
        ("share", "1e-50", "must be within the range of a 32-bit float"),
        ("share", "16777217", "must be an integer that a 32-bit float can hold without rounding"),
    ];
    for (name, text, expected) in cases {
        let failed = refused(host.plan(GARDEN, garden(name, text)).await.unwrap_err());
        let [(path, message)] = &failed[..] else { panic!("{name} = {text}: {failed:?}") };
        assert_eq!((path.as_deref(), message.contains(expected)), (Some(name), true), "{text}: {message}");
    }
    let failed = refused(host.plan(GARDEN, garden("shares", json!([1, 1e300]))).await.unwrap_err());
    assert_eq!(failed[0].0.as_deref(), Some("shares[1]"));
}

#[tokio::test]
async fn a_word_is_one_of_the_variants_or_an_error_with_a_suggestion() {
    let (mut host, _folder) = start().await;
    host.apply(GARDEN, json!({"name": "g", "light": "full-sun", "lights": ["half_shade", "shade"]}))
        .await
        .unwrap();
    assert_eq!(host.state(GARDEN).unwrap().attribute("light"), &Dyn::from("full-sun"));
    host.apply(GARDEN, json!({"name": "g"})).await.unwrap();
    assert_eq!(host.state(GARDEN).unwrap().attribute("light"), &Dyn::from("half_shade"));

    let plant = |light: &str| json!([{"name": "rose", "light": light}]);
    for (name, value, place) in [
        ("light", json!("ful-sun"), "light"),
        ("lights", json!(["shade", "ful-sun"]), "lights"),
        ("row", plant("full_sun"), "row[0].light"),
        ("lawn", plant("full_sun"), "lawn"),
        ("bed", plant("full_sun"), "bed[0].light"),
    ] {
        let failed = refused(host.plan(GARDEN, garden(name, value)).await.unwrap_err());
        let [(path, message)] = &failed[..] else { panic!("{name}: {failed:?}") };
        assert_eq!(path.as_deref(), Some(place), "{message}");
        for part in [r#"be one of "shade", "half_shade", "full-sun""#, r#"Did you mean "full-sun"?"#] {
            assert!(message.contains(part), "{message}");
        }
    }
}

/// Places of a plant: nested attributes in each mode, and blocks.
fn places(plant: &Json) -> [(&'static str, Json, &'static str); 8] {
    let keyed = json!({"k": plant});
    [
        ("oldest", plant.clone(), "oldest"),
        ("row", json!([plant]), "row[0]"),
        ("lawn", json!([plant]), "lawn"),
        ("pots", keyed.clone(), r#"pots["k"]"#),
        ("middle", plant.clone(), "middle"),
        ("bed", json!([plant]), "bed[0]"),
        ("tree", json!([plant]), "tree"),
        ("wall", keyed, r#"wall["k"]"#),
    ]
}

#[tokio::test]
async fn nested_objects_in_every_place_are_created_changed_and_removed() {
    let (mut host, _folder) = start().await;
    let plant = json!({"name": "Rose", "secret": "thorn"});
    for (name, value, place) in places(&plant) {
        let applied = host.apply(GARDEN, garden(name, value)).await.unwrap();
        assert_ne!(applied.action, Action::NoOp, "{name}");
        let state = host.state(GARDEN).unwrap();
        let path: Path = place.split(['.', '[']).next().unwrap().into();
        let stored = format!("{:?}", state.get(&path).unwrap());
        for part in ["Rose", "Number(0.1)", "Number(4)", "thorn"] {
            assert!(stored.contains(part), "{name}: {part} in {stored}");
        }
    }
    for (name, value, place) in places(&json!({"name": "rose", "height": 2.5})) {
        host.apply(GARDEN, garden(name, value)).await.unwrap();
        let (_, changed, _) = places(&json!({"name": "tulip", "height": unknown()}))
            .into_iter()
            .find(|one| one.0 == name)
            .unwrap();
        let (_, known, _) =
            places(&json!({"name": "tulip", "height": 0.7})).into_iter().find(|one| one.0 == name).unwrap();
        host.apply_late(GARDEN, garden(name, changed), garden(name, known)).await.unwrap();
        host.apply(GARDEN, json!({"name": "g"})).await.unwrap();
        let _ = place;
    }
}

#[tokio::test]
async fn the_spelling_of_a_nested_value_is_kept_if_it_means_the_same() {
    let (mut host, _folder) = start().await;
    for (name, value, _) in places(&json!({"name": "Rose", "height": 0.123_456_789})) {
        host.apply(GARDEN, garden(name, value)).await.unwrap();
        if matches!(name, "lawn" | "tree") {
            continue;
        }
        let (_, other, _) = places(&json!({"name": "rOSE", "height": 0.123_456_789_1}))
            .into_iter()
            .find(|one| one.0 == name)
            .unwrap();
        let planned = host.plan(GARDEN, garden(name, other)).await.unwrap();
        assert_eq!(planned.action, Action::NoOp, "{name}: {:?}", planned.changes());
    }
}

#[tokio::test]
async fn rules_and_checks_of_nested_objects_hold_in_every_place() {
    let (host, _folder) = start().await;
    let in_set = |name: &str| matches!(name, "lawn" | "tree");
    for (name, value, place) in places(&json!({"name": "rose", "note": "a", "remark": "b"})) {
        let failed = refused(host.plan(GARDEN, garden(name, value)).await.unwrap_err());
        let errors: Vec<_> =
            failed.iter().filter(|(_, message)| message.contains("cannot be set together")).collect();
        let expected = if in_set(name) { place.to_owned() } else { format!("{place}.remark") };
        assert_eq!(errors[0].0.as_deref(), Some(expected.as_str()), "{failed:?}");
    }
    for (name, value, place) in places(&json!({"name": ""})) {
        let failed = refused(host.plan(GARDEN, garden(name, value)).await.unwrap_err());
        let expected = if in_set(name) { place.to_owned() } else { format!("{place}.name") };
        assert_eq!(failed[0].0.as_deref(), Some(expected.as_str()), "{failed:?}");
        assert!(failed[0].1.contains("not be empty") || failed[0].1.contains("have a length of 1 to 20"));
    }
    for (name, value, _) in places(&json!({"name": "rose", "remark": "b"})) {
        let planned = host.plan(GARDEN, garden(name, value)).await.unwrap();
        assert!(planned.told()[0].contains("remark\" is deprecated"), "{:?}", planned.told());
        assert!(planned.warnings[0].to_string().contains("Use `note`."));
    }
}

#[tokio::test]
async fn a_nested_attribute_can_replace_the_object() {
    let (mut host, _folder) = start().await;
    let plant = |origin: &str| json!({"name": "rose", "origin": origin});
    for ((name, before, _), (_, after, place)) in
        places(&plant("here")).into_iter().zip(places(&plant("there")))
    {
        host.apply(GARDEN, garden(name, before)).await.unwrap();
        let planned = host.plan(GARDEN, garden(name, after)).await.unwrap();
        let in_set = matches!(name, "lawn" | "tree");
        let expected = if in_set { place.to_owned() } else { format!("{place}.origin") };
        assert_eq!(planned.action, Action::Replace, "{name}");
        assert_eq!(planned.replaces.iter().map(Path::to_string).collect::<Vec<_>>(), [expected]);
    }
}

#[tokio::test]
async fn a_plan_hook_reaches_nested_attributes() {
    let (mut host, _folder) = start().await;
    let planned = host.plan(GARDEN, garden("oldest", json!({"name": "oak"}))).await.unwrap();
    let letters = Path::from("oldest").attr("letters");
    assert_eq!(planned.value(letters.clone()), &Dyn::from(3));
    let planned = host.plan(GARDEN, garden("oldest", json!({"name": unknown()}))).await.unwrap();
    assert!(planned.value(letters.clone()).is_unknown());
    host.apply(GARDEN, garden("oldest", json!({"name": "oak"}))).await.unwrap();
    let failed = refused(host.plan(GARDEN, garden("row", json!([{"name": "weed"}]))).await.unwrap_err());
    assert_eq!(failed[0].0.as_deref(), Some("row[0].name"));
}

#[tokio::test]
async fn absent_blocks_are_empty_and_a_group_is_never_null() {
    let (mut host, _folder) = start().await;
    host.apply(GARDEN, json!({"name": "g"})).await.unwrap();
    let state = host.state(GARDEN).unwrap().clone();
    let empty = Dyn::list([]);
    assert_eq!(state.attribute("middle"), &Dyn::Null);
    assert_eq!((state.attribute("bed"), state.attribute("tree")), (&empty, &empty));
    assert_eq!(state.attribute("wall"), &Dyn::map::<&str>([]));
    assert_eq!(state.attribute("owner"), &Dyn::map([("name", Dyn::Null), ("phone", empty.clone())]));
    let owner = json!({"name": "Ada", "phone": [{"number": "1"}, {"number": "2"}]});
    host.apply(GARDEN, garden("owner", owner)).await.unwrap();
    host.apply(GARDEN, garden("owner", json!({"phone": [{"number": "1"}]}))).await.unwrap();

    // A state from before the blocks existed.
    host.adopt("surface_garden.b", 0, &json!({"id": "g", "name": "g", "light": "shade", "planted": 0}))
        .await
        .unwrap();
    assert_eq!(host.state("surface_garden.b").unwrap().attribute("bed"), &empty);
    // Blocks from a `dynamic` block whose collection is not known yet.
    let planned = host.plan(GARDEN, garden("bed", unknown())).await.unwrap();
    assert!(planned.value("bed").is_unknown());
    let four = json!([{"name": "a"}, {"name": "b"}, {"name": "c"}, {"name": "d"}]);
    let failed = refused(host.plan(GARDEN, garden("bed", four)).await.unwrap_err());
    assert_eq!(failed[0].0.as_deref(), Some("bed"));
}

#[tokio::test]
async fn an_absent_block_breaks_no_rule_and_is_not_deprecated() {
    let (host, _folder) = start().await;
    let plants = json!([{"name": "rose"}]);
    for name in ["tree", "bed", "name"] {
        let config = if name == "name" { json!({"name": "g"}) } else { garden(name, plants.clone()) };
        let planned = host.plan(GARDEN, config).await.unwrap();
        assert!(planned.told().is_empty(), "{name}: {:?}", planned.told());
    }
    let planned = host.plan(GARDEN, garden("bush", plants.clone())).await.unwrap();
    assert!(planned.told()[0].contains("bush\" is deprecated"), "{:?}", planned.told());
    let both = json!({"name": "g", "bush": plants, "tree": plants});
    let failed = refused(host.plan(GARDEN, both).await.unwrap_err());
    assert!(failed.iter().any(|(_, message)| message.contains("cannot be set together")), "{failed:?}");
}

#[tokio::test]
async fn a_dynamic_value_keeps_its_type_and_its_spelling() {
    let (mut host, _folder) = start().await;
    let typed = |ty: Json, value: Json| json!({"type": ty, "value": value});
    let values = [
        typed(json!("string"), json!("x")),
        typed(json!("number"), json!(0.1)),
        typed(json!("bool"), json!(true)),
        typed(json!(["list", "string"]), json!(["a", "b"])),
        typed(json!(["set", "number"]), json!([1, 2])),
        typed(json!(["map", "string"]), json!({"a": "b"})),
        typed(
            json!(["object", {"a": "string", "b": ["tuple", ["bool", "number"]]}]),
            json!({"a": "x", "b": [true, 1]}),
        ),
        typed(json!(["tuple", ["string", "number"]]), json!(["a", 1])),
        typed(json!(["tuple", []]), json!([])),
    ];
    for value in values {
        host.apply(GARDEN, garden("extra", value.clone())).await.unwrap();
        host.apply(GARDEN, garden("guess", value.clone())).await.unwrap();
        host.apply(GARDEN, garden("gate", json!({"sign": value}))).await.unwrap();
        host.apply_late(GARDEN, garden("extra", unknown()), garden("extra", value)).await.unwrap();
    }
    host.apply(GARDEN, json!({"name": "g"})).await.unwrap();
}

#[tokio::test]
async fn a_value_of_any_size_that_fails_a_check_leaves_a_message_that_can_be_read() {
    let (mut host, _folder) = start().await;
    let huge = "y".repeat(4 << 20);
    let cases = [
        ("light", json!(huge)),
        ("lights", json!([huge])),
        ("oldest", json!({"name": huge})),
        ("row", json!([{"name": huge, "light": huge}])),
        ("lawn", json!([{"name": huge}])),
        ("pots", json!({&*huge: {"name": huge}})),
        ("bed", json!([{"name": "a", "light": huge}])),
        ("byte", json!("9".repeat(4 << 20))),
        ("ratio", json!("9".repeat(4 << 20))),
    ];
    for (name, value) in cases {
        let failed = refused(host.plan(GARDEN, garden(name, value)).await.unwrap_err());
        for (_, message) in failed {
            assert!(message.len() < 5000, "{name}: {} bytes", message.len());
        }
    }
    let failed = refused(host.import(GARDEN, tfkit::engine::ImportBy::Id(huge)).await.unwrap_err());
    assert!(failed[0].1.len() < 1000, "{} bytes", failed[0].1.len());
}
