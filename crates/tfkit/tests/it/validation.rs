//! Configurations that are rejected before anything is planned.

use tfkit::engine::{DataSourceRequest, ValidateRequest};
use tfkit::{Dyn, Kind};

use crate::shop::{Bench, config};

#[tokio::test]
async fn each_error_in_a_configuration_is_reported_at_its_path() {
    let bench = Bench::unconfigured();
    let timeouts = |create: &str| Dyn::map([("create", Dyn::string(create)), ("delete", Dyn::Null)]);
    let part = |name: Dyn| Dyn::list([Dyn::map([("name", name), ("serial", Dyn::Null)])]);
    let cases: Vec<(Dyn, &[(&str, &str)])> = vec![
        (config([("name", "box".into())]), &[]),
        (config([("name", Dyn::Unknown), ("size", Dyn::Unknown), ("parts", part(Dyn::Unknown))]), &[]),
        (config([("name", "".into())]), &[("name", "Attribute \"name\" has an invalid value")]),
        (config([("name", "box".into()), ("url", "u".into())]), &[("url", "Attribute \"url\" is read-only")]),
        (
            config([("name", "box".into()), ("size", Dyn::Number("0.5".parse().unwrap()))]),
            &[("size", "Attribute \"size\" must be an integer from 0 to 18446744073709551615")],
        ),
        (
            config([("name", "box".into()), ("timeouts", timeouts("soon"))]),
            &[("timeouts.create", "Attribute \"create\" must be a duration with units")],
        ),
        (config([("name", "box".into()), ("timeouts", timeouts("90s"))]), &[]),
        // Missing values may come from a mock.
        (config([]), &[]),
        (config([("name", "box".into()), ("parts", part(Dyn::Null))]), &[]),
    ];
    for (config, expected) in cases {
        let request = ValidateRequest {
            type_name: "shop_item".to_owned(),
            config: config.clone(),
            write_only_allowed: true,
        };
        let diags = bench.engine.validate(Kind::Resource, request).await;
        let found: Vec<(String, &str)> = diags
            .iter()
            .map(|diag| (diag.path.clone().unwrap_or_default().to_string(), diag.summary.as_str()))
            .collect();
        let expected: Vec<(String, &str)> =
            expected.iter().map(|(path, summary)| ((*path).to_owned(), *summary)).collect();
        assert_eq!(found, expected, "{config:?}");
    }
}

#[tokio::test]
async fn missing_values_are_reported_in_the_plan() {
    let bench = Bench::new().await;
    let part = Dyn::list([Dyn::map([("name", Dyn::Null), ("serial", Dyn::Null)])]);
    let cases: Vec<(Dyn, &[&str])> = vec![
        (config([]), &["None of `name`, `note` is set", "Attribute \"name\" is required"]),
        (config([("name", "box".into()), ("parts", part)]), &["Attribute \"parts[0].name\" is required"]),
    ];
    for (config, expected) in cases {
        let plan = bench.plan(&Dyn::Null, &config).await;
        let found: Vec<&str> = plan.diags.iter().map(|diag| diag.summary.as_str()).collect();
        assert_eq!(found, expected, "{config:?}");
    }
}

#[tokio::test]
async fn a_rule_over_several_attributes_applies_to_a_data_source() {
    let bench = Bench::new().await;
    let cases = [
        ("id".into(), Dyn::Null, true),
        (Dyn::Unknown, Dyn::Null, true),
        (Dyn::Null, Dyn::Null, false),
        ("id".into(), "name".into(), false),
    ];
    for (id, name, fine) in cases {
        let config = Dyn::map([("id", id), ("name", name), ("url", Dyn::Null)]);
        let request = ValidateRequest {
            type_name: "shop_item".to_owned(),
            config: config.clone(),
            write_only_allowed: true,
        };
        let mut diags = bench.engine.validate(Kind::DataSource, request).await;
        if diags.is_empty() && config.wholly_known() {
            let request = DataSourceRequest { type_name: "shop_item".to_owned(), config: config.clone() };
            diags = bench.engine.read_data_source(request).await.1;
            diags.retain(|diag| diag.summary.contains("None of"));
        }
        assert_eq!(diags.is_empty(), fine, "{config:?}: {diags:?}");
    }
}

#[tokio::test]
async fn a_value_that_becomes_known_after_validation_is_checked_in_the_plan() {
    let bench = Bench::new().await;
    let config = config([("name", "".into()), ("size", Dyn::from(-1_i64))]);
    let plan = bench.plan(&Dyn::Null, &config).await;
    let paths: Vec<String> =
        plan.diags.iter().map(|diag| diag.path.clone().unwrap_or_default().to_string()).collect();
    assert_eq!(paths, ["name", "size"]);
}
