//! The harness behaves like the host, and rejects what the host rejects.

use serde_json::{Value as Json, json};
use tfkit::engine::ImportBy;
use tfkit::{Dyn, Path};
use tfkit_test::{Action, Failure, Harness, call_function, unknown};

use crate::provider::{Walls, engine};

async fn start() -> (Harness, Walls) {
    let walls = Walls::default();
    let harness = Harness::start(engine(&walls), json!({})).await.unwrap();
    (harness, walls)
}

fn note(text: &str) -> Json {
    json!({"wall": "north", "text": text})
}

fn naughty(text: &str, mischief: &str) -> Json {
    json!({"wall": "north", "text": text, "mischief": mischief})
}

#[tokio::test]
async fn an_object_lives_from_its_creation_to_its_end() {
    let (mut host, walls) = start().await;
    let planned = host.plan("wall_note.a", note("hi")).await.unwrap();
    assert_eq!(planned.action, Action::Create);
    assert_eq!(planned.changes(), ["colour", "id", "revision", "text", "wall"]);
    assert!(planned.value("id").is_unknown());
    assert_eq!(planned.value("colour"), &Dyn::from("yellow"));
    assert_eq!(walls.len(), 0, "a plan creates nothing");

    assert_eq!(host.apply("wall_note.a", note("hi")).await.unwrap().action, Action::Create);
    assert_eq!(host.state("wall_note.a").unwrap().attribute("revision"), &Dyn::from(1));
    assert_eq!(host.identity("wall_note.a").unwrap().attribute("id"), &Dyn::from("note-1"));
    assert_eq!(host.apply("wall_note.a", note("hi")).await.unwrap().action, Action::NoOp);

    let planned = host.plan("wall_note.a", note("ho")).await.unwrap();
    assert_eq!((planned.action, planned.changes()), (Action::Update, vec!["revision", "text"]));
    host.apply("wall_note.a", note("ho")).await.unwrap();
    assert_eq!(host.state("wall_note.a").unwrap().attribute("revision"), &Dyn::from(2));

    let moved = json!({"wall": "south", "text": "ho"});
    let planned = host.plan("wall_note.a", moved.clone()).await.unwrap();
    assert_eq!((planned.action, planned.replaces.clone()), (Action::Replace, vec![Path::from("wall")]));
    assert!(planned.value("id").is_unknown(), "the new object has another id");
    host.apply("wall_note.a", moved).await.unwrap();
    assert_eq!(walls.len(), 1);

    let warnings = host.destroy("wall_note.a").await.unwrap();
    assert_eq!(warnings[0].summary, "A note will be lost");
    assert_eq!((walls.len(), host.addresses().len()), (0, 0));
}

#[tokio::test]
async fn outside_changes_are_found_and_repaired() {
    let (mut host, walls) = start().await;
    host.apply("wall_note.a", note("hi")).await.unwrap();
    walls.tamper(|notes| notes.values_mut().for_each(|note| "scribble".clone_into(&mut note.text)));
    let planned = host.plan("wall_note.a", note("hi")).await.unwrap();
    assert_eq!((planned.action, planned.changes()), (Action::Update, vec!["revision", "text"]));
    let planned = host.plan_without_refresh("wall_note.a", note("hi")).await.unwrap();
    assert_eq!(planned.action, Action::NoOp);

    walls.tamper(std::collections::BTreeMap::clear);
    assert_eq!(host.plan("wall_note.a", note("hi")).await.unwrap().action, Action::Create);
    assert!(!host.refresh("wall_note.a").await.unwrap());
    assert_eq!(host.state("wall_note.a"), None);
}

#[tokio::test]
async fn an_import_equals_the_state() {
    let (mut host, _) = start().await;
    host.apply("wall_note.a", note("hi")).await.unwrap();
    let id = || ImportBy::Id("note-1".to_owned());
    host.import_equals_state("wall_note.a", id(), &[]).await.unwrap();
    let identity = ImportBy::Identity(Dyn::map([("id", Dyn::from("note-1"))]));
    host.import("wall_note.b", identity).await.unwrap();
    assert_eq!(host.state("wall_note.b"), host.state("wall_note.a"));
    let failure = host.import("wall_note.c", ImportBy::Id("note-9".to_owned())).await.unwrap_err();
    assert_eq!(failure.summaries(), ["No wall_note found with id \"note-9\""]);

    // The server does not know about mischief.
    host.apply("wall_note.d", naughty("hi", "none")).await.unwrap();
    let id = || ImportBy::Id("note-2".to_owned());
    let failure = host.import_equals_state("wall_note.d", id(), &[]).await;
    assert_eq!(failure, Err(Failure::ImportDiffers { attributes: vec!["mischief".to_owned()] }));
    host.import_equals_state("wall_note.d", id(), &["mischief"]).await.unwrap();
}

#[tokio::test]
async fn unknown_values_become_known_between_plan_and_apply() {
    let (mut host, _) = start().await;
    let early = json!({"wall": unknown(), "text": "hi"});
    host.apply_late("wall_note.a", early.clone(), note("hi")).await.unwrap();
    let planned = host.plan("wall_note.a", early.clone()).await.unwrap();
    assert_eq!(planned.action, Action::Replace, "the wall may become another one");
    let failure = host.apply("wall_note.a", early).await.unwrap_err();
    assert_eq!(failure, Failure::Mistake("a configuration must be known when it is applied".to_owned()));
}

#[tokio::test]
async fn a_provider_with_unknown_configuration_plans_creations_and_keeps_the_state() {
    let (mut host, walls) = start().await;
    host.apply("wall_note.a", note("hi")).await.unwrap();
    host.restart(engine(&walls), json!({"address": unknown()})).await.unwrap();
    let planned = host.plan("wall_note.a", note("hi")).await.unwrap();
    assert_eq!((planned.action, planned.told().len()), (Action::NoOp, 1));
    assert_eq!(host.plan("wall_note.b", note("hi")).await.unwrap().action, Action::Create);
    host.restart(engine(&walls), json!({"address": "known"})).await.unwrap();
    host.apply("wall_note.b", note("hi")).await.unwrap();
}

#[tokio::test]
async fn a_creation_that_fails_late_keeps_its_object() {
    let (mut host, walls) = start().await;
    let made = host.apply("wall_note.a", naughty("hi", "stumble after creation")).await.unwrap();
    assert_eq!(made.told(), ["The pin fell off"]);
    assert!(!host.is_tainted("wall_note.a"));
    assert_eq!(host.apply("wall_note.a", note("hi")).await.unwrap().action, Action::Update);
    assert_eq!(walls.len(), 1);
}

#[tokio::test]
async fn a_creation_with_a_broken_object_taints_it_and_the_object_is_replaced() {
    let (mut host, walls) = start().await;
    let failure = host.apply("wall_note.a", naughty("hi", "break after creation")).await.unwrap_err();
    assert_eq!(failure.summaries(), ["The pin fell off"]);
    assert_eq!(failure.to_string(), "apply failed:\nThe pin fell off\nIt was bent.");
    assert!(host.is_tainted("wall_note.a"));
    assert_eq!(host.apply("wall_note.a", note("hi")).await.unwrap().action, Action::Replace);
    assert_eq!((walls.len(), host.is_tainted("wall_note.a")), (1, false));
}

#[tokio::test]
async fn results_that_the_host_would_reject_are_failures() {
    let table = [
        (
            "change the colour",
            "The result does not match the plan: colour was planned as \"yellow\" but is now \"green\"",
        ),
        ("promise a revision", "The result does not match the plan: revision was planned as 7 but is now 1"),
    ];
    for (mischief, summary) in table {
        let (mut host, _) = start().await;
        let failure = host.apply("wall_note.a", naughty("hi", mischief)).await.unwrap_err();
        assert_eq!(failure.summaries(), [summary]);
    }
    let (mut host, _) = start().await;
    let failure = host.apply("wall_note.a", naughty("hi", "shout on read")).await.unwrap_err();
    let expected = "the plan after a refresh is not empty: it would update because of revision, text";
    assert_eq!(failure.to_string(), expected);

    host.apply_unsettled("wall_note.a", naughty("hi", "stick"), naughty("hi", "stick")).await.unwrap();
    let failure = host.destroy("wall_note.a").await.unwrap_err();
    assert_eq!(failure.summaries(), ["The note sticks to the wall"]);
    assert!(host.state("wall_note.a").is_some(), "an object that could not be deleted is kept in the state");
}

#[tokio::test]
async fn a_wrong_configuration_never_reaches_the_provider() {
    let (mut host, walls) = start().await;
    let table = [
        (json!({"wall": "north"}), "text"),
        (json!({"wall": "north", "text": ""}), "text"),
        (json!({"wall": "north", "text": "hi", "id": "mine"}), "id"),
    ];
    for (config, place) in table {
        let failure = host.apply("wall_note.a", config).await.unwrap_err();
        assert_eq!(failure.places(), [&Path::from(place)], "{failure}");
    }
    assert_eq!(walls.len(), 0);
    for (address, config, mistake) in [
        ("wall_note.a", json!({"txt": "hi"}), "unknown attribute txt"),
        ("wall_note.a", json!({"text": true}), "text: expected a string, found a bool"),
        ("wall_none.a", json!({}), "unknown resource type wall_none"),
        ("wall_note", json!({}), "the address \"wall_note\" does not have the format TYPE.NAME"),
    ] {
        let failure = host.plan(address, config).await.unwrap_err();
        assert_eq!(failure, Failure::Mistake(mistake.to_owned()));
    }
}

#[tokio::test]
async fn state_of_another_version_is_adopted() {
    let (mut host, walls) = start().await;
    host.apply("wall_note.a", note("hi")).await.unwrap();
    host.forget("wall_note.a");
    let stored = json!({"id": "note-1", "wall": "north", "text": "hi", "colour": "yellow", "revision": 1, "gone": [1]});
    host.adopt("wall_note.a", 0, &stored).await.unwrap();
    assert_eq!(host.apply("wall_note.a", note("hi")).await.unwrap().action, Action::NoOp);
    assert_eq!(walls.len(), 1);
}

#[tokio::test]
async fn data_sources_are_read() {
    let (mut host, _) = start().await;
    host.apply("wall_note.a", note("hi")).await.unwrap();
    let count = host.read_data_source("wall_count", json!({"wall": "north"})).await.unwrap();
    assert_eq!(count.attribute("notes"), &Dyn::from(1));
}

#[tokio::test]
async fn an_action_is_planned_and_run_and_tells_its_progress() {
    let (mut host, _) = start().await;
    host.apply("wall_note.a", note("hi")).await.unwrap();
    let planned = host.plan_action("wall_straighten", json!({"id": unknown()})).await.unwrap();
    assert_eq!(planned[0].summary, "Mind the pins");
    let invoked = host.invoke("wall_straighten", json!({"id": "note-1"})).await.unwrap();
    assert_eq!(invoked.progress, ["Turned by 1", "Turned by 2"]);
    assert_eq!(invoked.told(), ["Mind the pins"]);

    let failed = host.invoke("wall_straighten", json!({"id": "note-2"})).await.unwrap_err();
    assert_eq!(
        (failed.summaries(), failed.places()),
        (vec!["No note \"note-2\" found"], vec![&Path::from("id")])
    );
    for (name, config) in [("wall_straighten", json!({"id": unknown()})), ("wall_paint", json!({}))] {
        let failed = host.invoke(name, config).await.unwrap_err();
        assert!(matches!(failed, Failure::Mistake(_)), "{failed}");
    }
}

#[tokio::test]
async fn an_ephemeral_resource_is_opened_renewed_and_closed() {
    let (host, walls) = start().await;
    let mut visit = host.open("wall_visit", json!({ "wall": "north" })).await.unwrap();
    assert_eq!(visit.result.attribute("code"), &Dyn::from("code"));
    assert!(visit.renew_at.is_some() && walls.len() == 1);
    for _ in 0..2 {
        assert_eq!(host.renew(&mut visit).await.unwrap(), []);
    }
    walls.tamper(|notes| assert_eq!(notes["visit-of-north"].revision.get().unwrap(), &2));
    host.close(visit.clone()).await.unwrap();
    assert_eq!(walls.len(), 0);
    assert_eq!(host.renew(&mut visit).await.unwrap_err().summaries(), ["The visit has ended"]);
    assert_eq!(host.close(visit).await.unwrap(), [], "a host closes after a failed renewal");

    let refused = host.open("wall_visit", json!({ "wall": "wet" })).await.unwrap_err();
    assert_eq!((refused.summaries(), walls.len()), (vec!["The wall is wet"], 0));
    let open = host.open("wall_visit", json!({ "wall": unknown() })).await.unwrap();
    assert!(open.result.attribute("code").is_unknown());
    host.close(open).await.unwrap();
    let mistake = host.open("wall_hole", json!({})).await.unwrap_err();
    assert!(matches!(mistake, Failure::Mistake(_)), "{mistake}");
}

#[tokio::test]
async fn a_function_is_called_without_a_configuration() {
    let engine = engine(&Walls::default());
    let call = async |arguments: &[Json]| call_function(&engine, "shout", arguments).await;
    assert_eq!(call(&[json!("hi"), json!(2)]).await, Ok(json!(["HI", "HI"])));
    assert_eq!(call(&[json!("hi"), json!(null)]).await, Ok(json!(["HI"])));
    assert_eq!(call(&[unknown(), json!(null)]).await, Ok(unknown()), "the host does not call it");
    assert_eq!(call(&[json!(""), json!(1)]).await.unwrap_err().argument, Some(0));
    assert_eq!(call(&[json!("hi"), json!(-1)]).await.unwrap_err().argument, Some(1));
    assert_eq!(call(&[json!("hi")]).await.unwrap_err().argument, None);
}
