//! Importing by id and by identity.

use std::collections::{BTreeMap, BTreeSet};

use tfkit::engine::{ImportBy, ImportRequest, ReadRequest, Stored};
use tfkit::{Dyn, IfSet};

use crate::shop::{Bench, Item, config, named, summaries};

#[tokio::test]
async fn an_import_is_complete_and_the_read_after_it_adds_nothing() {
    let bench = Bench::new().await;
    let made = bench.create(&named("box")).await;
    let by_identity = |shelf: Dyn| ImportBy::Identity(Dyn::map([("shelf", shelf), ("id", "id-box".into())]));
    let ways = [
        ImportBy::Id("id-box".to_owned()),
        ImportBy::Id("front/id-box".to_owned()),
        by_identity(Dyn::Null),
        by_identity("front".into()),
    ];
    for by in ways {
        let shown = format!("{by:?}");
        let request = ImportRequest { type_name: "shop_item".to_owned(), by };
        let imported = bench.engine.import(request).await;
        assert_eq!(imported.diags, [], "{shown}");
        assert_eq!((&imported.state, &imported.identity), (&made.state, &made.identity), "{shown}");
        let request = ReadRequest {
            type_name: "shop_item".to_owned(),
            state: imported.state,
            private: imported.private,
            identity: imported.identity,
        };
        let read = bench.engine.read(request).await;
        assert_eq!(
            (&read.state, &read.identity, summaries(&read.diags)),
            (&made.state, &made.identity, vec![])
        );
    }
}

#[tokio::test]
async fn a_failed_import_reports_the_reason() {
    let bench = Bench::new().await;
    bench.create(&named("box")).await;
    let cases = [
        (ImportBy::Id("nobody".to_owned()), "No shop_item found with id \"nobody\""),
        (ImportBy::Id(String::new()), "Invalid import id \"\""),
        (ImportBy::Id("a/b/c".to_owned()), "Invalid import id \"a/b/c\""),
        (
            ImportBy::Identity(Dyn::map([("shelf", Dyn::Null), ("id", Dyn::Null)])),
            "Attribute \"id\" must have a value, but is not set",
        ),
        (
            ImportBy::Identity(Dyn::map([("shelf", Dyn::Null), ("id", "nobody".into())])),
            "No shop_item found with identity {\"id\" = \"nobody\"}",
        ),
        (
            ImportBy::Identity(Dyn::map([("shelf", "back".into()), ("id", "id-box".into())])),
            "The identity of the object changed: \"shelf\" has a different value",
        ),
    ];
    for (by, summary) in cases {
        let request = ImportRequest { type_name: "shop_item".to_owned(), by };
        let imported = bench.engine.import(request).await;
        assert_eq!((imported.state, imported.identity), (Dyn::Null, Dyn::Null), "{summary}");
        assert_eq!(summaries(&imported.diags), [summary]);
    }
    let request = ImportRequest { type_name: "shop_item".to_owned(), by: ImportBy::Id("a/b/c".to_owned()) };
    let detail = bench.engine.import(request).await.diags[0].detail();
    assert_eq!(detail, "Import ids of this type have the format [SHELF/]ID.");
    let by = ImportBy::Identity(Dyn::map([("shelf", "back".into()), ("id", Dyn::Null)]));
    let request = ImportRequest { type_name: "shop_item".to_owned(), by };
    let detail = bench.engine.import(request).await.diags[0].detail();
    let which = "This is about the import of shop_item with identity {\"shelf\" = \"back\"}.";
    assert!(detail.contains(which), "{detail}");
}

#[test]
fn the_identity_shows_which_parts_an_import_requires() {
    let bench = Bench::unconfigured();
    let identity = bench.engine.identity_schema("shop_item").unwrap();
    let parts: Vec<(&str, bool)> =
        identity.attributes.iter().map(|attribute| (attribute.name, attribute.required)).collect();
    assert_eq!(parts, [("shelf", false), ("id", true)]);
}

#[tokio::test]
async fn an_imported_secret_is_kept_while_nothing_else_changes() {
    let bench = Bench::new().await;
    bench.create(&named("box")).await;
    let request = ImportRequest { type_name: "shop_item".to_owned(), by: ImportBy::Id("id-box".to_owned()) };
    let imported = bench.engine.import(request).await;
    let mut found = imported.state.clone();
    found.set_at(&"code".into(), "1234".into());
    let code = async |config: &Dyn, private: &[u8]| {
        let plan = bench.plan_with(&found, config, private.to_vec(), imported.identity.clone()).await;
        assert_eq!(plan.diags, []);
        (plan.planned == found, plan.planned.attribute("code").clone())
    };
    let generated = named("box");
    assert_eq!(code(&generated, &imported.private).await, (true, "1234".into()));
    assert_eq!(code(&named("chest"), &imported.private).await, (false, Dyn::Null));
    let written = config([("name", "box".into()), ("code_wo", "1234".into())]);
    assert_eq!(code(&written, &imported.private).await, (false, Dyn::Null));
    assert_eq!(code(&generated, &[]).await, (false, Dyn::Null), "it was applied after the import");
}

#[tokio::test]
async fn an_imported_value_that_the_configuration_never_set_stays_in_every_plan() {
    let labels = |names: &[&str]| Dyn::set(names.iter().copied().map(Dyn::from));
    let labeled = |name: &str, labels: Dyn| config([("name", name.into()), ("labels", labels)]);
    for found in [labels(&[]), labels(&["red", "wood"])] {
        let bench = Bench::new().await;
        bench.create(&labeled("box", found.clone())).await;
        let request =
            ImportRequest { type_name: "shop_item".to_owned(), by: ImportBy::Id("id-box".to_owned()) };
        let imported = bench.engine.import(request).await;
        let planned = async |stored: &Stored, config: &Dyn| {
            let plan =
                bench.plan_with(&stored.state, config, stored.private.clone(), stored.identity.clone()).await;
            assert_eq!(plan.diags, []);
            plan.planned
        };
        assert_eq!(planned(&imported, &named("box")).await, imported.state);

        // Neither another change nor an apply forgets the value.
        let mut stored = bench.apply(&imported, &named("chest")).await;
        assert_eq!((stored.state.attribute("labels"), summaries(&stored.diags)), (&found, vec![]));
        assert_eq!(planned(&stored, &named("chest")).await, stored.state);
        let server = bench.shop.items.lock().unwrap()["id-box"].labels.clone();
        assert_eq!(server, IfSet(None), "the update leaves it alone");

        // Once the configuration sets the attribute, it decides whether it is managed.
        stored = bench.apply(&stored, &labeled("chest", labels(&["oak"]))).await;
        assert_eq!(planned(&stored, &named("chest")).await.attribute("labels"), &Dyn::Null);
    }
}

#[tokio::test]
async fn an_empty_collection_of_the_server_is_not_a_change_if_the_configuration_omits_it() {
    type Empty = fn(&mut Item);
    let nothing: [(&str, Empty); 3] = [
        ("settings", |item| item.settings = Some(BTreeMap::new())),
        ("parts", |item| item.parts = Some(Vec::new())),
        ("labels", |item| item.labels = IfSet(Some(BTreeSet::new()))),
    ];
    for (name, empty) in nothing {
        let bench = Bench::new().await;
        let made = bench.create(&named("box")).await;
        empty(bench.shop.items.lock().unwrap().get_mut("id-box").unwrap());
        let request = ReadRequest {
            type_name: "shop_item".to_owned(),
            state: made.state.clone(),
            private: made.private.clone(),
            identity: made.identity.clone(),
        };
        let read = bench.engine.read(request).await;
        assert_eq!((&read.state, summaries(&read.diags)), (&made.state, vec![]), "{name}");
        let request =
            ImportRequest { type_name: "shop_item".to_owned(), by: ImportBy::Id("id-box".to_owned()) };
        let imported = bench.engine.import(request).await;
        let (private, identity) = (imported.private, imported.identity);
        let plan = bench.plan_with(&imported.state, &named("box"), private, identity).await;
        assert_eq!((plan.planned, plan.diags), (imported.state, vec![]), "{name}");
    }
}
