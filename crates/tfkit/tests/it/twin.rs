//! Secrets that may be stored or write-only.

use tfkit::engine::{Stored, ValidateRequest};
use tfkit::model::Object as _;
use tfkit::{Dyn, Kind, Partial, Secret, Twin};

use crate::shop::{Bench, Item, config, named, nothing, summaries};

/// Returns the configuration of a box with a stored code, a write-only one, and a version.
fn coded(name: &str, stored: Dyn, written: Dyn, version: Dyn) -> Dyn {
    config([("name", name.into()), ("code", stored), ("code_wo", written), ("code_wo_version", version)])
}

fn version(version: i64) -> Dyn {
    Dyn::from(version)
}

#[test]
fn one_field_declares_a_stored_value_a_write_only_one_and_its_version() {
    let attributes = Item::attributes();
    let of = |name: &str| attributes.iter().find(|attribute| attribute.name == name).unwrap();
    let flags = |name: &str| {
        let attribute = of(name);
        (attribute.sensitive, attribute.write_only, attribute.who.is_optional(), attribute.who.is_computed())
    };
    assert_eq!(flags("code"), (true, false, true, true), "an import fills it");
    assert_eq!(flags("code_wo"), (false, true, true, false), "the host hides what is write-only");
    assert_eq!(flags("code_wo_version"), (false, false, true, false));
    assert_eq!(of("code").description, "Code that opens the item.");
    assert_eq!((of("code").checks.len(), of("code_wo").checks.len()), (1, 1));
    assert_eq!(of("code_wo").ty(), of("code").ty());
}

#[tokio::test]
async fn the_two_attributes_conflict_and_the_write_only_one_requires_host_support() {
    type Case = (Dyn, bool, &'static [(&'static str, &'static str)]);
    let bench = Bench::unconfigured();
    let cases: Vec<Case> = vec![
        (coded("box", "1234".into(), Dyn::Null, Dyn::Null), true, &[]),
        (coded("box", Dyn::Null, "1234".into(), Dyn::Null), true, &[]),
        (coded("box", Dyn::Null, Dyn::Unknown, version(1)), true, &[]),
        (coded("box", Dyn::Unknown, "1234".into(), version(1)), true, &[]),
        (
            coded("box", "1234".into(), "1234".into(), Dyn::Null),
            true,
            &[("code_wo", "Attributes \"code\" and \"code_wo\" cannot be set together")],
        ),
        (
            coded("box", "1234".into(), Dyn::Null, version(1)),
            true,
            &[("code_wo_version", "Attribute \"code_wo_version\" requires \"code_wo\"")],
        ),
        (
            coded("box", Dyn::Null, "1".into(), Dyn::Null),
            true,
            &[("code_wo", "Attribute \"code_wo\" has an invalid value")],
        ),
        (coded("box", "1234".into(), Dyn::Null, Dyn::Null), false, &[]),
        (
            coded("box", Dyn::Null, "1234".into(), version(1)),
            false,
            &[(
                "code_wo",
                "Attribute \"code_wo\" is write-only, which this version of the host does not support",
            )],
        ),
    ];
    for (config, write_only_allowed, expected) in cases {
        let request =
            ValidateRequest { type_name: "shop_item".to_owned(), config: config.clone(), write_only_allowed };
        let diags = bench.engine.validate(Kind::Resource, request).await;
        let found: Vec<(String, &str)> = diags
            .iter()
            .map(|diag| (diag.path.clone().unwrap_or_default().to_string(), diag.summary.as_str()))
            .collect();
        let expected: Vec<(String, &str)> =
            expected.iter().map(|(path, summary)| ((*path).to_owned(), *summary)).collect();
        assert_eq!(found, expected, "{config:?}");
        assert!(!format!("{diags:?}").contains("1234"), "{config:?}");
    }
}

#[tokio::test]
async fn a_write_only_value_is_sent_when_its_version_changes_and_is_never_stored() {
    type Step = (&'static str, Dyn, Option<&'static str>, [Dyn; 2]);
    let bench = Bench::new().await;
    let steps: Vec<Step> = vec![
        (
            "created with a write-only value",
            coded("box", Dyn::Null, "first".into(), version(1)),
            Some("first"),
            [Dyn::Null, version(1)],
        ),
        (
            "another change",
            coded("crate", Dyn::Null, "first".into(), version(1)),
            None,
            [Dyn::Null, version(1)],
        ),
        (
            "another change, and another value with the same version",
            coded("box", Dyn::Null, "second".into(), version(1)),
            None,
            [Dyn::Null, version(1)],
        ),
        (
            "another version",
            coded("box", Dyn::Null, "second".into(), version(2)),
            Some("second"),
            [Dyn::Null, version(2)],
        ),
        (
            "no version",
            coded("box", Dyn::Null, "third".into(), Dyn::Null),
            Some("third"),
            [Dyn::Null, Dyn::Null],
        ),
        (
            "stored from now on",
            coded("box", "fourth".into(), Dyn::Null, Dyn::Null),
            Some("fourth"),
            ["fourth".into(), Dyn::Null],
        ),
        (
            "another change",
            coded("crate", "fourth".into(), Dyn::Null, Dyn::Null),
            None,
            ["fourth".into(), Dyn::Null],
        ),
        (
            "write-only again, without a version",
            coded("crate", Dyn::Null, "fourth".into(), Dyn::Null),
            Some("fourth"),
            [Dyn::Null, Dyn::Null],
        ),
        ("neither of them", named("box"), None, [Dyn::Null, Dyn::Null]),
    ];
    let mut stored: Stored = nothing();
    for (what, config, sent, [code, version]) in steps {
        let plan = bench.plan(&stored.state, &config).await;
        assert_ne!(plan.planned, stored.state, "{what}: is planned");
        assert_eq!(plan.planned.attribute("code_wo"), &Dyn::Null, "{what}");
        stored = bench.apply(&stored, &config).await;
        assert_eq!(stored.diags, [], "{what}");
        assert_eq!(bench.shop.codes.lock().unwrap().last().unwrap().as_deref(), sent, "{what}");
        assert_eq!(stored.state.attribute("code"), &code, "{what}");
        assert_eq!(stored.state.attribute("code_wo"), &Dyn::Null, "{what}");
        assert_eq!(stored.state.attribute("code_wo_version"), &version, "{what}");
        let again = bench.plan(&stored.state, &config).await;
        assert_eq!(again.planned, stored.state, "{what}: the second plan is empty");
    }
}

#[tokio::test]
async fn a_failed_apply_does_not_store_a_write_only_value() {
    let bench = Bench::new().await;
    let config = coded("fail", Dyn::Null, "s3cret".into(), version(1));
    let plan = bench.plan(&Dyn::Null, &config).await;
    let failed = bench.apply_plan(&nothing(), &config, plan).await;
    assert_eq!(summaries(&failed.diags), ["The shop fails"]);
    assert_eq!(failed.state.attribute("id"), &Dyn::from("id-fail"), "the created object is kept");
    assert!(!format!("{failed:?}").contains("s3cret"));
    assert!(!String::from_utf8_lossy(&failed.private).contains("s3cret"));
}

#[test]
fn a_write_only_value_is_neither_shown_nor_stored() {
    let config = coded("box", Dyn::Null, "s3cret".into(), version(7));
    let Dyn::Map(mut known) = config else { unreachable!("a configuration is an object") };
    for name in ["shelf", "id", "url", "colour", "seller"] {
        known.insert(name.to_owned(), Dyn::Unknown);
    }
    let item = Item::from_object(&Dyn::Map(known)).unwrap();
    assert!(item.code.is_written());
    assert_eq!(item.code.value().unwrap().expose(), "s3cret");
    assert_eq!(item.to_object().attribute("code_wo"), &Dyn::Null);
    let open: Twin<String> = "seen".to_owned().into();
    assert_eq!(format!("{:?}", Partial::<Item>::new(item.to_object())), "Partial { .. }");
    assert_eq!(format!("{:?}", item.code), "Twin { stored: None, written: Some(***), version: Some(7) }");
    assert_eq!(format!("{open:?}"), "Twin { stored: Some(\"seen\"), written: None, version: None }");
}

#[test]
fn a_refresh_changes_only_a_stored_value() {
    let stored: Twin<Secret<String>> = Secret::new("old".to_owned()).into();
    let read = |_: &Secret<String>| Secret::new("new".to_owned());
    assert_eq!(stored.refreshed(read).value().unwrap().expose(), "new");
    assert_eq!(Twin::<Secret<String>>::default().refreshed(read), Twin::default());
}
