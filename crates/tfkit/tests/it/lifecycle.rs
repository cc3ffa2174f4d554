//! Creation, update, replacement, deletion.

use std::time::Duration;

use tfkit::{Dyn, Path};

use crate::shop::{Bench, config, named, nothing, summaries};

#[tokio::test]
async fn a_creation_plans_known_values_and_returns_the_others() {
    let bench = Bench::new().await;
    let given = config([("name", "box".into()), ("parts", Dyn::list([part("lid", Dyn::Null)]))]);
    let plan = bench.plan(&Dyn::Null, &given).await;
    assert_eq!(plan.diags, []);
    let expected: &[(&str, Dyn)] = &[
        ("id", Dyn::Unknown),
        ("shelf", Dyn::Unknown),
        ("colour", Dyn::Unknown),
        ("seller", Dyn::Unknown),
        ("size", Dyn::from(1_i64)),
        ("note", Dyn::Null),
        ("labels", Dyn::Null),
        ("parts", Dyn::list([part("lid", Dyn::Unknown)])),
    ];
    for (name, value) in expected {
        assert_eq!(plan.planned.attribute(name), value, "{name}");
    }
    assert_eq!(plan.identity, Dyn::Null);

    let made = bench.apply_plan(&nothing(), &given, plan).await;
    assert_eq!(made.diags, []);
    let expected: &[(&str, Dyn)] = &[
        ("id", "id-box".into()),
        ("shelf", "front".into()),
        ("colour", "grey".into()),
        ("seller", Dyn::Null),
        ("parts", Dyn::list([part("lid", Dyn::from(1_i64))])),
    ];
    for (name, value) in expected {
        assert_eq!(made.state.attribute(name), value, "{name}");
    }
    assert_eq!(made.identity, Dyn::map([("id", "id-box"), ("shelf", "front")].map(|(k, v)| (k, v.into()))));

    let again = bench.plan(&made.state, &given).await;
    assert_eq!(again.planned, made.state, "the second plan is empty");
}

#[tokio::test]
async fn an_update_keeps_stable_values_and_leaves_others_to_the_server() {
    let bench = Bench::new().await;
    let made = bench.create(&named("box")).await;
    let plan = bench.plan(&made.state, &named("crate")).await;
    let expected: &[(&str, Dyn)] = &[
        ("id", "id-box".into()),
        ("shelf", "front".into()),
        ("url", Dyn::Unknown),
        ("colour", Dyn::Unknown),
        ("name", "crate".into()),
    ];
    for (name, value) in expected {
        assert_eq!(plan.planned.attribute(name), value, "{name}");
    }
    assert_eq!(plan.requires_replace, []);

    let changed = bench.apply(&made, &named("crate")).await;
    assert_eq!(changed.diags, []);
    assert_eq!(changed.state.attribute("url"), &Dyn::string("https://shop.invalid/crate"));
    assert_eq!(changed.identity, made.identity);
}

#[tokio::test]
async fn replacements_come_from_the_schema_and_from_the_hook() {
    let bench = Bench::new().await;
    let made = bench.create(&named("box")).await;
    let cases: &[(Dyn, &[&str])] = &[
        (config([("name", "box".into()), ("shelf", "back".into())]), &["shelf"]),
        (config([("name", "box".into()), ("shelf", Dyn::Unknown)]), &["shelf"]),
        (config([("name", "box".into()), ("shelf", "front".into())]), &[]),
        (named("replacing"), &["name"]),
        (config([("name", "replacing".into()), ("shelf", "back".into())]), &["shelf", "name"]),
    ];
    for (config, expected) in cases {
        let plan = bench.plan(&made.state, config).await;
        assert_eq!(plan.diags, []);
        let expected: Vec<Path> = expected.iter().map(|name| Path::from(*name)).collect();
        assert_eq!(plan.requires_replace, expected);
    }
    let plan = bench.plan(&Dyn::Null, &named("replacing")).await;
    assert_eq!(plan.requires_replace, [], "a creation replaces nothing");
}

#[tokio::test]
async fn values_that_the_hook_promises_are_planned_and_kept() {
    let bench = Bench::new().await;
    let given = config([("name", "box".into()), ("size", Dyn::from(7_i64))]);
    let plan = bench.plan(&Dyn::Null, &given).await;
    assert_eq!(plan.planned.attribute("colour"), &Dyn::string("red"));
    let made = bench.apply_plan(&nothing(), &given, plan).await;
    assert_eq!(made.state.attribute("colour"), &Dyn::string("red"));
}

#[tokio::test]
async fn a_hook_that_contradicts_the_configuration_is_reported() {
    let bench = Bench::new().await;
    let plan = bench.plan(&Dyn::Null, &named("wrong hook")).await;
    let found: Vec<_> = plan.diags.iter().map(|diag| (diag.summary.as_str(), diag.path.clone())).collect();
    let summary = "The plan contradicts the configuration: name is planned as \"other\" but configured as \"wrong \
     hook\"";
    assert_eq!(found, [(summary, Some(Path::from("name")))]);
}

#[tokio::test]
async fn a_deletion_calls_the_hook_and_gets_its_private_values() {
    let bench = Bench::new().await;
    let made = bench.create(&named("box")).await;
    let plan = bench.plan_with(&made.state, &Dyn::Null, made.private.clone(), made.identity.clone()).await;
    assert_eq!(plan.planned, Dyn::Null);
    assert_eq!(summaries(&plan.diags), ["The item will be deleted permanently"]);
    assert_eq!(plan.identity, made.identity);

    let gone = bench.apply_plan(&made, &Dyn::Null, plan).await;
    assert_eq!((gone.state, gone.identity, gone.private), (Dyn::Null, Dyn::Null, Vec::new()));
    assert_eq!(gone.diags, []);
    assert_eq!(*bench.shop.deleted_private.lock().unwrap(), Some("planned".into()));
    assert!(bench.shop.items.lock().unwrap().is_empty());
}

#[tokio::test]
async fn private_values_pass_from_one_operation_to_the_next() {
    let bench = Bench::new().await;
    let made = bench.create(&named("box")).await;
    assert_eq!(String::from_utf8(made.private.clone()).unwrap(), r#"{".version":1,"etag":1}"#);
    let changed = bench.apply(&made, &named("crate")).await;
    assert_eq!(String::from_utf8(changed.private).unwrap(), r#"{".version":1,"etag":2}"#);
}

#[tokio::test]
async fn unmanaged_values_are_neither_sent_nor_stored() {
    let bench = Bench::new().await;
    let made = bench.create(&named("box")).await;
    assert_eq!(made.state.attribute("labels"), &Dyn::Null);
    let labelled = bench.apply(&made, &config([("name", "box".into()), ("labels", Dyn::list([]))])).await;
    assert_eq!(labelled.diags, []);
    assert_eq!(labelled.state.attribute("labels"), &Dyn::list([]));
}

#[tokio::test]
async fn another_spelling_of_the_same_value_is_not_a_change() {
    let bench = Bench::new().await;
    let made = bench.create(&named("box")).await;
    // The host allows the state's spelling only if the state has a value.
    let noted = bench.apply(&made, &config([("name", "box".into()), ("note", "".into())])).await;
    assert_eq!(noted.diags, []);
    assert_eq!(noted.state.attribute("note"), &Dyn::string(""));
}

#[tokio::test]
async fn the_users_timeout_becomes_the_deadline() {
    let bench = Bench::new().await;
    let timeouts = Dyn::map([("create", Dyn::string("1h30m")), ("delete", Dyn::Null)]);
    let made = bench.create(&config([("name", "patient".into()), ("timeouts", timeouts.clone())])).await;
    assert_eq!(made.diags, []);
    assert_eq!(made.state.attribute("timeouts"), &timeouts);
    bench.create(&named("default")).await;
    let allowed: Vec<u64> = bench.shop.allowed.lock().unwrap().iter().map(rounded_minutes).collect();
    assert_eq!(allowed, [90, 20]);
}

fn rounded_minutes(duration: &Duration) -> u64 {
    (duration.as_secs() + 30) / 60
}

fn part(name: &str, serial: Dyn) -> Dyn {
    Dyn::map([("name", name.into()), ("serial", serial)])
}
