//! Failures: no object is lost, and no error is hidden.

use tfkit::{Diag, Dyn, Path};

use crate::shop::{Bench, config, named, nothing, summaries};

/// Creates an item. Returns the id in the state, and the messages.
async fn create(name: &str) -> (Dyn, Vec<Diag>) {
    let bench = Bench::new().await;
    let made = bench.create(&named(name)).await;
    assert!(made.state.wholly_known(), "{name}: the host rejects unknown values after an apply");
    let id = made.state.attribute("id").clone();
    let identity = made.identity.attribute("id").clone();
    assert_eq!(identity, id, "{name}: the identity belongs to the state");
    (id, made.diags)
}

#[tokio::test]
async fn a_failed_creation_keeps_what_exists_and_warns_so_that_the_host_does_not_destroy_it() {
    let cases: &[(&str, Dyn, &str)] = &[
        ("refused", Dyn::Null, "The shop rejects the item"),
        ("fail", "id-fail".into(), "The shop fails"),
        ("broken", "id-broken".into(), "The shop has dropped the item"),
        ("panic", "id-panic".into(), "The create of shop_item crashed"),
        (
            "liar",
            "id-liar".into(),
            "The result does not match the plan: name was planned as \"liar\" but is now \"honest\"",
        ),
        (
            "vague",
            "id-vague".into(),
            "The result does not match the plan: url is still unknown after the apply",
        ),
    ];
    for (name, id, summary) in cases {
        let (state_id, diags) = create(name).await;
        assert_eq!(&state_id, id, "{name}");
        assert_eq!(summaries(&diags), [*summary], "{name}");
        assert_eq!(diags[0].is_error(), id.is_null() || *name == "broken", "{name}");
    }
}

#[tokio::test]
async fn a_crash_is_reported_as_a_bug_of_the_provider_and_the_engine_continues() {
    let bench = Bench::new().await;
    let crashed = bench.create(&named("panic")).await;
    assert_eq!(crashed.diags[0].trace.as_deref(), Some("panic: the creation panics"));
    assert!(crashed.diags[0].detail().contains("bug in the provider"));
    assert_eq!(bench.create(&named("box")).await.diags, []);
}

#[tokio::test]
async fn an_inconsistent_result_does_not_show_a_sensitive_value() {
    let bench = Bench::new().await;
    let made = bench.create(&config([("name", "leaky".into()), ("token", "hush".into())])).await;
    assert_eq!(made.diags.len(), 1);
    let shown = made.diags[0].to_string();
    assert!(!shown.contains("hush") && !shown.contains("another"), "{shown}");
    assert_eq!(made.diags[0].path, Some(Path::from("token")));
}

#[tokio::test]
async fn a_stop_ends_a_wait_and_keeps_what_exists() {
    let bench = Bench::new().await;
    let plan = bench.plan(&Dyn::Null, &named("slow")).await;
    let (before, given) = (nothing(), named("slow"));
    let creation = bench.apply_plan(&before, &given, plan);
    let stop = async {
        while bench.shop.items.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        bench.engine.stop();
    };
    let (made, ()) = tokio::join!(creation, stop);
    assert_eq!(made.state.attribute("id"), &Dyn::string("id-slow"));
    assert_eq!(summaries(&made.diags), ["The operation was interrupted"]);

    // Nothing new starts after it.
    let plan = bench.plan(&Dyn::Null, &named("late")).await;
    let late = bench.apply_plan(&before, &named("late"), plan).await;
    assert_eq!(summaries(&late.diags), ["The operation was interrupted"]);
    assert_eq!(bench.shop.items.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_operation_continues_when_its_caller_disconnects() {
    let bench = Bench::new().await;
    let plan = bench.plan(&Dyn::Null, &named("slow")).await;
    let (before, given) = (nothing(), named("slow"));
    {
        let mut creation = Box::pin(bench.apply_plan(&before, &given, plan));
        let begun = async {
            while bench.shop.items.lock().unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            _ = &mut creation => panic!("a slow creation takes an hour"),
            () = begun => {}
        }
    }
    // The shop is shared by the provider, the client, this test and, as long as it runs, the task.
    let running = std::sync::Arc::strong_count(&bench.shop);
    bench.engine.stop();
    while std::sync::Arc::strong_count(&bench.shop) > running {
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.shop.items.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_failed_update_keeps_what_was_saved_or_else_the_prior_state() {
    let cases: &[(&str, &str, &str)] = &[
        ("fail", "box", "The shop fails"),
        ("fail half-way", "half-way", "The shop fails half-way"),
        ("moved", "moved", "The identity of the object changed: \"id\" has a different value"),
    ];
    for (name, left, summary) in cases {
        let bench = Bench::new().await;
        let made = bench.create(&named("box")).await;
        let changed = bench.apply(&made, &named(name)).await;
        assert_eq!(changed.state.attribute("name"), &Dyn::string(*left), "{name}");
        assert!(changed.state.wholly_known(), "{name}");
        assert_eq!(changed.identity, made.identity, "{name}");
        assert!(summaries(&changed.diags).contains(summary), "{name}: {:?}", changed.diags);
    }
}

#[tokio::test]
async fn a_failed_deletion_keeps_the_prior_state() {
    let bench = Bench::new().await;
    let made = bench.create(&named("glued")).await;
    let left = bench.apply(&made, &Dyn::Null).await;
    assert_eq!((&left.state, &left.identity), (&made.state, &made.identity));
    assert_eq!(summaries(&left.diags), ["The item cannot be deleted"]);
}
