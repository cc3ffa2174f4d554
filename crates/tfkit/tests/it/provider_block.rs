//! Configuring the provider, with values that may be unknown.

use std::sync::atomic::Ordering;

use tfkit::engine::{
    ApplyRequest, ConfigureRequest, DataSourceRequest, ImportBy, ImportRequest, PlanRequest, ReadRequest,
    Stored, UpgradeRequest, ValidateRequest,
};
use tfkit::{Diag, Dyn, Kind};

use crate::shop::{Bench, named, summaries};

#[tokio::test]
async fn the_provider_gets_its_configuration() {
    let cases: &[(Dyn, &[&str])] = &[
        (Dyn::Null, &[]),
        (Dyn::Unknown, &[]),
        ("old".into(), &["The shop is old, 3 attempts"]),
        ("closed".into(), &["The shop is closed"]),
        ("panic".into(), &["The configuration of the provider crashed"]),
        (Dyn::from(true), &["Attribute \"address\" must be a string"]),
    ];
    for (address, expected) in cases {
        let bench = Bench::unconfigured();
        let diags = bench.configure(address.clone()).await;
        assert_eq!(summaries(&diags), *expected, "{address:?}");
    }
}

#[tokio::test]
async fn a_configuration_of_another_type_is_rejected() {
    let bench = Bench::unconfigured();
    let config = Dyn::list([]);
    let diags = bench.engine.validate_provider(config.clone()).await;
    assert_eq!(summaries(&diags), ["The value must be an object"]);
    let diags = bench.engine.configure(ConfigureRequest { host_version: String::new(), config }).await;
    assert_eq!(summaries(&diags), ["The value must be an object"]);
}

#[tokio::test]
async fn the_provider_block_is_checked() {
    let bench = Bench::unconfigured();
    let block = |address: Dyn, attempts: Dyn| Dyn::map([("address", address), ("attempts", attempts)]);
    let cases: &[(Dyn, &[&str])] = &[
        (block(Dyn::Null, Dyn::Null), &[]),
        (block(Dyn::Unknown, Dyn::Unknown), &[]),
        (block("".into(), Dyn::Null), &["The address is empty"]),
        (
            block(Dyn::Null, Dyn::from(-1_i64)),
            &["Attribute \"attempts\" must be an integer from 0 to 18446744073709551615"],
        ),
    ];
    for (config, expected) in cases {
        let diags = bench.engine.validate_provider(config.clone()).await;
        assert_eq!(summaries(&diags), *expected, "{config:?}");
    }
}

/// Returns an engine whose address is unknown, and an item of an earlier run.
async fn waiting() -> (Bench, Stored) {
    let bench = Bench::new().await;
    let made = bench.create(&named("box")).await;
    assert_eq!(bench.configure(Dyn::Unknown).await, []);
    (bench, made)
}

#[tokio::test]
async fn while_the_provider_is_unknown_changes_are_planned() {
    let (bench, made) = waiting().await;
    for (prior, config) in
        [(&Dyn::Null, named("new")), (&made.state, named("other")), (&Dyn::Null, named("curious"))]
    {
        let plan = bench.plan(prior, &config).await;
        assert_eq!(plan.diags, [], "{config:?}");
        assert_eq!(plan.planned.attribute("name"), config.attribute("name"));
    }
}

#[tokio::test]
async fn while_the_provider_is_unknown_a_refresh_keeps_the_state_with_one_warning() {
    let (bench, made) = waiting().await;
    let fetches = bench.shop.fetches.load(Ordering::Relaxed);
    let mut warnings: Vec<Diag> = Vec::new();
    for _ in 0..3 {
        let request = ReadRequest {
            type_name: "shop_item".to_owned(),
            state: made.state.clone(),
            private: made.private.clone(),
            identity: made.identity.clone(),
        };
        let read = bench.engine.read(request).await;
        assert_eq!(
            (&read.state, &read.private, &read.identity),
            (&made.state, &made.private, &made.identity)
        );
        warnings.extend(read.diags);
    }
    assert_eq!(summaries(&warnings), ["The provider's configuration is not known yet: address"]);
    assert!(!warnings[0].is_error());
    assert_eq!(bench.shop.fetches.load(Ordering::Relaxed), fetches);
}

#[tokio::test]
async fn while_the_provider_is_unknown_other_operations_fail_and_name_the_argument() {
    let (bench, _) = waiting().await;
    let expected = ["The provider's configuration is not known yet: address"];
    let config = Dyn::map([("id", "id-box".into()), ("name", Dyn::Null), ("url", Dyn::Null)]);
    let request = DataSourceRequest { type_name: "shop_item".to_owned(), config };
    let (state, diags) = bench.engine.read_data_source(request).await;
    assert_eq!((state, summaries(&diags)), (Dyn::Null, expected.to_vec()));
    assert!(diags[0].is_error() && diags[0].detail().contains("-target"));

    let request = ImportRequest { type_name: "shop_item".to_owned(), by: ImportBy::Id("id-box".to_owned()) };
    let imported = bench.engine.import(request).await;
    assert_eq!((imported.state, summaries(&imported.diags)), (Dyn::Null, expected.to_vec()));
}

#[tokio::test]
async fn an_operation_before_the_configuration_is_an_error() {
    let bench = Bench::unconfigured();
    let made = bench.create(&named("box")).await;
    assert_eq!(summaries(&made.diags), ["The provider is not configured"]);
}

#[tokio::test]
async fn an_operation_after_a_failed_configuration_says_why_it_failed() {
    let bench = Bench::new().await;
    let config = |name: &str| named(name);
    for (address, why) in [
        (Dyn::from("closed"), "The shop is closed (argument address)."),
        (Dyn::from("panic"), "The configuration of the provider crashed."),
        (Dyn::from(true), "Attribute \"address\" must be a string (argument address)."),
    ] {
        assert!(!bench.configure(address.clone()).await.is_empty());
        let made = bench.create(&config("box")).await;
        assert_eq!(summaries(&made.diags), ["The configuration of the provider failed"], "{address:?}");
        assert!(made.diags[0].detail().contains(why), "{}", made.diags[0].detail());
        // The next configuration counts, whatever came before.
        assert_eq!(bench.configure(Dyn::Null).await, []);
        assert_eq!(bench.create(&config(&format!("{address:?}"))).await.diags, []);
    }
}

#[tokio::test]
async fn an_unknown_type_is_an_error_in_every_call_and_changes_nothing() {
    let bench = Bench::new().await;
    let engine = &bench.engine;
    let name = || "shop_ghost".to_owned();
    let state = || Dyn::map([("id", Dyn::string("x"))]);
    let validate = || ValidateRequest { type_name: name(), config: state(), write_only_allowed: true };
    let plan = PlanRequest {
        type_name: name(),
        prior: Dyn::Null,
        proposed: state(),
        config: state(),
        private: Vec::new(),
        identity: Dyn::Null,
    };
    let apply = ApplyRequest {
        type_name: name(),
        prior: state(),
        planned: Dyn::Null,
        config: Dyn::Null,
        private: Vec::new(),
        identity: Dyn::Null,
    };
    let read = ReadRequest { type_name: name(), state: state(), private: Vec::new(), identity: Dyn::Null };
    let applied = engine.apply(apply).await;
    let again = engine.read(read).await;
    assert_eq!((&applied.state, &again.state), (&state(), &state()));
    let calls = [
        engine.validate(Kind::Resource, validate()).await,
        engine.upgrade(UpgradeRequest { type_name: name(), version: 0, json: b"{}".to_vec() }).await.1,
        engine.plan(plan).await.diags,
        applied.diags,
        again.diags,
        engine.import(ImportRequest { type_name: name(), by: ImportBy::Id("x".to_owned()) }).await.diags,
    ];
    for diags in calls {
        assert_eq!(summaries(&diags), ["The provider has no resource named shop_ghost"]);
    }
    let calls = [
        engine.validate(Kind::DataSource, validate()).await,
        engine.read_data_source(DataSourceRequest { type_name: name(), config: state() }).await.1,
    ];
    for diags in calls {
        assert_eq!(summaries(&diags), ["The provider has no data source named shop_ghost"]);
    }
    assert!(
        engine.schema(Kind::Resource, "shop_ghost").is_none()
            && engine.identity_schema("shop_ghost").is_none()
    );
    assert!(bench.shop.items.lock().unwrap().is_empty());
}

#[test]
fn the_schemas_of_the_provider_have_no_errors() {
    let bench = Bench::unconfigured();
    assert_eq!(bench.engine.problems(), []);
    assert_eq!(bench.engine.name(), "shop");
    assert_eq!(bench.engine.names(Kind::Resource), ["shop_item"]);
    assert_eq!(bench.engine.names(Kind::DataSource), ["shop_item"]);
    let schema = bench.engine.schema(Kind::Resource, "shop_item").unwrap();
    let token = schema.attributes.iter().find(|attribute| attribute.name == "token").unwrap();
    assert!(token.sensitive, "a secret is sensitive automatically");
}
