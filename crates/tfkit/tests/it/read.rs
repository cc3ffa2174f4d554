//! Refreshes and data sources.

use tfkit::engine::{DataSourceRequest, ReadRequest, Stored};
use tfkit::{Dyn, IfSet, Path};

use crate::shop::{Bench, config, named, summaries};

async fn refresh(bench: &Bench, stored: &Stored) -> Stored {
    let request = ReadRequest {
        type_name: "shop_item".to_owned(),
        state: stored.state.clone(),
        private: stored.private.clone(),
        identity: stored.identity.clone(),
    };
    bench.engine.read(request).await
}

/// Changes an item without the provider.
fn outside(bench: &Bench, id: &str, change: impl FnOnce(&mut crate::shop::Item)) {
    change(bench.shop.items.lock().unwrap().get_mut(id).unwrap());
}

#[tokio::test]
async fn a_read_shows_outside_changes_and_keeps_values_that_the_server_does_not_return() {
    let bench = Bench::new().await;
    let made = bench.create(&config([("name", "box".into()), ("token", "hush".into())])).await;
    outside(&bench, "id-box", |item| {
        item.note = Some("changed".to_owned());
        item.labels = IfSet(Some(["theirs".to_owned()].into()));
    });
    let read = refresh(&bench, &made).await;
    assert_eq!(read.diags, []);
    assert_eq!(read.state.attribute("note"), &Dyn::string("changed"));
    assert_eq!(read.state.attribute("token"), &Dyn::string("hush"));
    assert_eq!(read.state.attribute("labels"), &Dyn::Null, "null means not managed");
    assert_eq!((read.private, read.identity), (made.private, made.identity));
}

#[tokio::test]
async fn a_read_keeps_a_spelling_with_the_same_meaning() {
    let bench = Bench::new().await;
    let made = bench.create(&named("box")).await;
    outside(&bench, "id-box", |item| item.note = Some(String::new()));
    let read = refresh(&bench, &made).await;
    assert_eq!(read.state, made.state, "null and empty are declared equal");
}

#[tokio::test]
async fn a_deleted_object_is_removed_from_the_state() {
    let bench = Bench::new().await;
    let made = bench.create(&named("box")).await;
    bench.shop.items.lock().unwrap().clear();
    let read = refresh(&bench, &made).await;
    assert_eq!((read.state, read.identity, read.private), (Dyn::Null, Dyn::Null, Vec::new()));
    assert_eq!(read.diags, []);
}

#[tokio::test]
async fn a_failed_read_keeps_the_state() {
    let cases: &[(&str, &str, &str)] = &[
        ("box", "forbidden", "Item \"forbidden\" cannot be read"),
        ("box", "panic", "The read of shop_item crashed"),
        ("wandering", "id-box", "The identity of the object changed: \"id\" has a different value"),
        ("vague", "id-box", "The provider did not set \"url\""),
    ];
    for (name, id, summary) in cases {
        let bench = Bench::new().await;
        let mut made = bench.create(&named("box")).await;
        outside(&bench, "id-box", |item| (*name).clone_into(&mut item.name));
        assert!(made.state.set_at(&Path::from("id"), (*id).into()));
        let read = refresh(&bench, &made).await;
        assert_eq!(read.state, made.state, "{name} {id}");
        assert_eq!(summaries(&read.diags), [*summary]);
    }
}

#[tokio::test]
async fn an_incomplete_identity_is_completed() {
    let bench = Bench::new().await;
    let mut made = bench.create(&named("box")).await;
    let complete = made.identity.clone();
    for earlier in [Dyn::Null, Dyn::map([("shelf", Dyn::Null), ("id", "id-box".into())])] {
        made.identity = earlier;
        let read = refresh(&bench, &made).await;
        assert_eq!((read.identity, summaries(&read.diags)), (complete.clone(), vec![]));
    }
}

#[tokio::test]
async fn a_data_source_sets_unset_attributes() {
    let bench = Bench::new().await;
    bench.create(&named("box")).await;
    bench.create(&named("vague")).await;
    let expected = Dyn::map([
        ("id", "id-box".into()),
        ("name", "box".into()),
        ("url", "https://shop.invalid/box".into()),
    ]);
    let cases: &[(Dyn, Dyn, Result<&Dyn, &str>)] = &[
        ("id-box".into(), Dyn::Null, Ok(&expected)),
        (Dyn::Null, "box".into(), Ok(&expected)),
        (Dyn::Null, "nobody".into(), Err("No such item exists")),
        (Dyn::Null, "vague".into(), Err("The provider did not set \"url\"")),
    ];
    for (id, name, expected) in cases {
        let config = Dyn::map([("id", id.clone()), ("name", name.clone()), ("url", Dyn::Null)]);
        let request = DataSourceRequest { type_name: "shop_item".to_owned(), config };
        let (state, diags) = bench.engine.read_data_source(request).await;
        match expected {
            Ok(expected) => assert_eq!((&state, summaries(&diags)), (*expected, vec![])),
            Err(summary) => assert_eq!((&state, summaries(&diags)), (&Dyn::Null, vec![*summary])),
        }
    }
}
